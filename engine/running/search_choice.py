"""How good the chosen prompt looked in the search: its own score there, and how much too good the best of so many looks.

The search's rows are all there before the comparison begins. So this is computed while the comparison waits for its model, in
many small steps between which the event loop goes on. A thread would take Python's lock from the loop each time that it sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from promptwire.stats.optimism import drawn_optimism, mean_optimism
from promptwire.stats.prompt_score import contributions, rows_score
from promptwire.values import Row

__all__ = ["SearchChoice", "search_choice"]

_STEP: Final = 10_000
"""Values that are added up until the event loop goes on: about a millisecond."""


class SearchChoice(NamedTuple):
    """The chosen prompt on the examples that the search saw."""

    score: float | None
    """Its score there; None when it was not scored."""
    expected_optimism: float | None
    """How much too good the best of so many equal prompts looks; None without two prompts that have two rows each."""


async def search_choice(tables: Mapping[str, Sequence[Row]], best: str, metric: str) -> SearchChoice:
    """Judge the choice of the prompt with the id `best` by the search's rows of each prompt, by prompt id."""
    mine = tables.get(best)
    if not mine:
        return SearchChoice(None, None)
    # A search does not choose a prompt with far fewer rows, however good these are.
    rivals = [_contributed(rows, metric) for rows in tables.values() if 2 * len(rows) >= len(mine)]
    drawn, cells, work = [], sum(map(len, rivals)), 0
    for one in drawn_optimism(rivals):
        drawn.append(one)
        work += cells
        if work >= _STEP:
            work = 0
            await asyncio.sleep(0)
    return SearchChoice(rows_score(mine, metric), mean_optimism(drawn))


def _contributed(rows: Sequence[Row], metric: str) -> dict[str, float]:
    """What each example contributes to the score of these rows, by its id."""
    return {row.example: value for row, value in zip(rows, contributions(rows, metric), strict=True)}
