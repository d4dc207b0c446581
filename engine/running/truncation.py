"""Replies cut off at the length limit: read an answer before the cut, and count them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from promptwire.metrics.metric import Metric
from promptwire.values import Example
from promptwire.values.notes import warning

__all__ = ["Truncations", "answer_before_cut"]

_HEAD = re.compile(r"\s*(.*?(?:[.!?](?=\s)|\n)|.*\Z)", re.DOTALL)
_LONGEST_NUMBER = 3
"""Most words in which a number counts as the answer; in longer text it may be an intermediate result."""
_WHOLE = frozenset({"exact", "induction", "set", "f1", "json", "json-fields", "equals", "valid-json"})
"""Metrics that compare the whole answer."""


def answer_before_cut(text: str, metric: Metric, example: Example, labels: Sequence[str] = ()) -> str | None:
    """Return the answer that a reply gave before the cut; None when the metric scores none as right.

    Small models are often cut off after a label. The label counts if it is in the reply's first line or sentence. A number must
    be complete. The needs of a plug-in's metric are unknown, so it gets the whole text.
    """
    if metric.needs != "text" or not text.strip():
        return None
    if ":" in metric.name:
        return text
    match = _HEAD.match(text)
    head = match[1].strip() if match else ""
    reader = metric.reader or metric.name
    if reader == "numeric" and (len(head.split()) > _LONGEST_NUMBER or text.rstrip()[-1:].isdigit()):
        return None
    said = [head, text.strip()] if reader in _WHOLE else [head]
    return next((one for one in said if one and metric.measure(one, example, labels).value > 0), None)


@dataclass(slots=True)
class _Step:
    replies: int = 0
    cut: int = 0
    max_tokens: int | None = None


@dataclass(slots=True)
class Truncations:
    """Number of replies of each step, and of those unreadable because they were cut off."""

    steps: dict[str, _Step] = field(default_factory=dict)

    def add(self, path: str, max_tokens: int | None, *, cut: bool) -> None:
        """Count one reply to the step `path`; `cut` when it was cut off before an answer could be read."""
        step = self.steps.get(path) or self.steps.setdefault(path, _Step())
        step.replies += 1
        step.cut += cut
        if cut:
            step.max_tokens = max(max_tokens or 0, step.max_tokens or 0) or None

    def notes(self) -> Iterator[str]:
        """Yield a warning for each step whose replies were all cut off."""
        for path, step in sorted(self.steps.items()):
            if step.cut and step.cut == step.replies:
                what = "the one reply was" if step.cut == 1 else f"all {step.cut} replies were"
                limit = (
                    f"max_tokens={step.max_tokens}: raise it" if step.max_tokens else "the model's own limit: set max_tokens"
                )
                yield warning(f"{path}: {what} cut off at {limit}")
