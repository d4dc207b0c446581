"""Read labels and numbers for metrics over a set of answers, such as macro-F1 and correlations.

Such a metric compares the class of an answer with the right class. A class goes by its label as the task writes it, so that
"Positive." and "positive" are one class. An answer that names no label is unreadable.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from promptwire.metrics import text_metrics
from promptwire.values import Example

__all__ = ["closeness", "label_of", "label_read", "mentioned_label", "true_label", "true_letter", "true_number"]


def label_of(text: str, labels: Sequence[str]) -> str:
    """The one of `labels` that `text` is; `text` in its compared form where it is none."""
    even = text_metrics.spelling(labels)
    return next((label for label in labels if even(label) == even(text)), even(text))


def label_read(answer: str, example: Example, labels: Sequence[str]) -> str | None:
    """The label that the answer is, but for case, quotes, Markdown and the like; None for no label.

    >>> label_read("**Positive.**", Example(input="x", outputs=("negative",)), ("positive", "negative"))
    'positive'
    """
    known = (*labels, *(label_of(output, labels) for output in example.outputs))
    found = label_of(text_metrics.unwrapped(answer, known, labels), labels)
    return found if found in known else None


def mentioned_label(answer: str, example: Example, labels: Sequence[str]) -> str | None:
    """The one label that occurs in the answer as whole words; None when there are several or none."""
    known = dict.fromkeys((*labels, *(label_of(output, labels) for output in example.outputs)))
    found = [label for label in known if text_metrics.contains(answer, (label,), labels)]
    return found[0] if len(found) == 1 else None


def true_label(read: str, example: Example, labels: Sequence[str]) -> str:
    """The right label. Of several accepted ones it is the one that was answered, else the first."""
    accepted = [label_of(output, labels) for output in example.outputs]
    return read if read in accepted else accepted[0]


def true_letter(read: str, example: Example, labels: Sequence[str]) -> str:
    """The letter of the right option; see `true_label`."""
    accepted = [letter for output in example.outputs if (letter := text_metrics.choice_letter(output)) is not None]
    return read if read in accepted else accepted[0]


def true_number(read: str, example: Example, labels: Sequence[str]) -> str:
    """The right number. Of several accepted ones it is the one nearest to what was answered, or the first."""
    accepted = [number for output in example.outputs if (number := text_metrics.last_number(output)) is not None]
    return f"{min(accepted, key=lambda number: abs(number - float(read))) if read else accepted[0]:.15g}"


def closeness(answer: str, outputs: Sequence[str]) -> float:
    """How near a number is to the nearest accepted one: 1 when equal, 0.5 one apart, then less.

    >>> closeness("3", ("3",)), closeness("4", ("3",)), closeness("6", ("3",))
    (1.0, 0.5, 0.25)
    """
    if text_metrics.numeric(answer, outputs):
        return 1.0
    said = text_metrics.last_number(answer)
    wanted = [number for output in outputs if (number := text_metrics.last_number(output)) is not None]
    return max((1 / (1 + abs(said - number)) for number in wanted), default=0.0) if said is not None else math.nan
