"""How good the chosen prompt looked in the search: its own score there, and how much too good the best of so many looks.

The search's rows are all there before the comparison begins. So this is computed on a thread while the comparison waits for its
model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from promptwire.stats.optimism import expected_optimism
from promptwire.stats.prompt_score import contributions, rows_score
from promptwire.values import Row

__all__ = ["SearchChoice", "search_choice"]


class SearchChoice(NamedTuple):
    """The chosen prompt on the examples that the search saw."""

    score: float | None
    """Its score there; None when it was not scored."""
    expected_optimism: float | None
    """How much too good the best of so many equal prompts looks; None without two prompts that have two rows each."""


def search_choice(tables: Mapping[str, Sequence[Row]], best: str, metric: str) -> SearchChoice:
    """Judge the choice of the prompt with the id `best` by the search's rows of each prompt, by prompt id."""
    mine = tables.get(best)
    if not mine:
        return SearchChoice(None, None)
    # A search does not choose a prompt with far fewer rows, however good these are.
    rivals = [_contributed(rows, metric) for rows in tables.values() if 2 * len(rows) >= len(mine)]
    return SearchChoice(rows_score(mine, metric), expected_optimism(rivals))


def _contributed(rows: Sequence[Row], metric: str) -> dict[str, float]:
    """What each example contributes to the score of these rows, by its id."""
    return {row.example: value for row, value in zip(rows, contributions(rows, metric), strict=True)}
