"""Confusion tables: how often each right label was answered with each label, for the initial and for the best prompt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from promptwire.stats.prompt_score import pairs_of
from promptwire.values import Model, Row

__all__ = ["Confusion", "confusion"]


class Confusion(Model):
    """Confusion tables of two prompts over the same examples."""

    labels: tuple[str, ...]
    """The labels, of right answers and of given ones. A row is a right label, a column an answer."""
    initial: tuple[tuple[int, ...], ...]
    """Counts of the initial prompt, row by row. The last column counts unreadable replies."""
    best: tuple[tuple[int, ...], ...]
    """Counts of the best prompt in the same form."""


def confusion(initial: Sequence[Row], best: Sequence[Row]) -> Confusion:
    """The tables of rows whose metric compares labels. Of several answers to an example each counts."""
    tables = [Counter(pairs_of(rows)) for rows in (initial, best)]
    labels = sorted({label for table in tables for pair in table for label in pair if label})
    first, second = (tuple(tuple(table[truth, answer] for answer in (*labels, "")) for truth in labels) for table in tables)
    return Confusion(labels=tuple(labels), initial=first, best=second)
