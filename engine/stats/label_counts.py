"""Counts of right answers, true labels and answered labels: all that macro-F1 and the like need of the answers.

Counts may be weights, so that an answer can be left out, or added with a weight of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["LabelCounts", "LabelPair"]

LabelPair = tuple[str, str]
"""The right label and the label that was answered; the latter is empty for an unreadable reply."""
_NONE = 1e-9
"""A weight below this is a rounding error."""


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """Counts or weights by label. A label without a count is absent."""

    right: dict[str, float]
    """Right answers."""
    truths: dict[str, float]
    """True labels."""
    answers: dict[str, float]
    """Answered labels."""

    @classmethod
    def of(cls, pairs: Mapping[LabelPair, float]) -> LabelCounts:
        """The counts of `pairs`, each with its number or weight.

        >>> LabelCounts.of({("a", "a"): 2, ("a", "b"): 1}).answers
        {'a': 2, 'b': 1}
        """
        found = cls({}, {}, {})
        for pair, count in pairs.items():
            found._add(pair, count)
        return found

    def without(self, pairs: Iterable[LabelPair], weight: float = 1.0) -> LabelCounts:
        """The counts less `weight` for each of `pairs`."""
        found = LabelCounts(dict(self.right), dict(self.truths), dict(self.answers))
        for pair in pairs:
            found._add(pair, -weight)
        for part in (found.right, found.truths, found.answers):
            for label in [label for label, count in part.items() if count <= _NONE]:
                del part[label]
        return found

    def _add(self, pair: LabelPair, count: float) -> None:
        truth, answer = pair
        self.truths[truth] = self.truths.get(truth, 0) + count
        self.answers[answer] = self.answers.get(answer, 0) + count
        if truth == answer:
            self.right[truth] = self.right.get(truth, 0) + count
