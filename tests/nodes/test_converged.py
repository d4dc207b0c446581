"""converged says when a search is over."""

from __future__ import annotations

import pytest

from promptwire.nodes.converged import Inputs, Params, converged
from promptwire.values import Entry, History, Prompt
from tests.nodes.fake import FakeContext


def log(*scores: float, rounds: int) -> History:
    entries = (Entry(prompt=Prompt(text=str(place)), score=score, n=1, round=place) for place, score in enumerate(scores))
    return History(entries=tuple(entries), rounds=rounds)


@pytest.mark.parametrize(
    ("history", "params", "done"),
    [
        (log(0.1, 0.2, 0.2, rounds=3), {"patience": 2}, False),
        (log(0.1, 0.2, 0.2, rounds=4), {"patience": 2}, True),
        (log(0.1, 0.2, 0.3, rounds=4), {"patience": 2}, False),
        (log(0.1, 0.11, 0.12, rounds=3), {"patience": 2, "better_by": 0.05}, True),
        (log(1.0, rounds=1), {"patience": 9}, True),
        (log(1.0, rounds=1), {"patience": 9, "perfect": None}, False),
        (log(rounds=9), {"patience": 1}, False),
    ],
)
async def test_a_search_is_over_when_nothing_gets_better(history: History, params: dict[str, object], done: bool) -> None:
    found = await converged.run(Inputs(log=history), Params(**params), FakeContext())
    assert found.done is done
