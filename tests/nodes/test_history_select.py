"""history-select chooses by score and orders as asked."""

from __future__ import annotations

import pytest

from promptwire.nodes.history_select import Inputs, Outputs, Params, history_select
from promptwire.values import Entry, History, Prompt
from tests.nodes.fake import FakeContext, texts

LOG = History(
    entries=tuple(
        Entry(prompt=Prompt(text=text), score=score, n=n)
        for text, score, n in (("a", 0.50, 9), ("b", 0.904, 9), ("c", 0.10, 9), ("d", 0.50, 9), ("e", 0.50, 10))
    ),
    rounds=3,
)


async def run(**params: object) -> Outputs:
    return await history_select.run(Inputs(of=LOG), Params(**params), FakeContext())  # type: ignore[no-any-return, arg-type]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, "beadc"),
        ({"order": "ascending"}, "cadeb"),
        ({"order": "written"}, "abcde"),
        ({"best": 2}, "be"),
        ({"best": 3, "order": "ascending"}, "aeb"),
        ({"threshold": 0.5}, "bead"),
        ({"threshold": 0.95}, ""),
        ({"best": 99}, "beadc"),
    ],
)
async def test_choice_and_order(params: dict[str, object], expected: str) -> None:
    found = await run(**params)
    assert "".join(texts(found.prompts)) == expected
    assert [entry.prompt for entry in found.history.entries] == list(found.prompts.items)


async def test_buckets_round_what_is_shown_and_not_what_is_chosen_by() -> None:
    found = await run(best=1, buckets=10)
    assert found.history.entries[0].score == 0.9
    assert found.history.rounds == 3


async def test_an_empty_history_gives_an_empty_one() -> None:
    found = await history_select.run(Inputs(of=History()), Params(best=3), FakeContext())
    assert (len(found.history), len(found.prompts)) == (0, 0)
