"""duel lets a judge choose between answers, and knows no prompt by its side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import Extent, Sizes
from promptwire.nodes.duel import Inputs, Outputs, Params, Slots, bound, duel
from promptwire.values import Prompts, Row, Scores
from promptwire.values.scores import NO_VALUE
from tests.nodes.fake import FakeContext, examples, prompts, texts


def answers(*names: str, n: int = 3, lost: int = 0) -> Scores:
    """Answers of prompts to `n` inputs: a prompt's own name; the calls on the first `lost` inputs failed."""
    asked, shown = prompts(*names), examples(n)
    rows = tuple(
        Row(prompt.id, example.id, prompt.text, prompt.text, NO_VALUE)
        for prompt in asked.items
        for example in shown.items[lost:]
    )
    missing = tuple((prompt.id, example.id) for prompt in asked.items for example in shown.items[:lost])
    return Scores(metric="none", perfect=None, scale=None, prompts=asked, examples=shown, rows=rows, missing=missing)


def judge(better: str) -> Callable[[Slots, int], list[str]]:
    """A judge that prefers the answers of one prompt, whichever side they are on."""
    return lambda slots, sample: ["A" if slots.pairs[0].a == better else "B"]


async def fought(
    reply: Callable[[Any, int], list[str]], *names: str, seed: int = 0, **params: Any
) -> tuple[Outputs, FakeContext]:
    context = FakeContext(reply=reply, seed=seed)
    one, *others = names or ("old", "new")
    other = answers(*others) if others else None
    return await duel.run(Inputs(one=answers(one), other=other), Params(**params), context), context


@pytest.mark.parametrize("swap", ["drawn", "balanced", "never"])
@pytest.mark.parametrize(("better", "won", "wins"), [("new", True, 4), ("old", False, 0)])
async def test_the_prompt_with_more_votes_wins_on_any_side(swap: str, better: str, won: bool, wins: int) -> None:
    found, _ = await fought(judge(better), swap=swap)
    assert (texts(found.winner), found.won, found.votes, found.wins) == ([better], won, 4, wins)
    assert texts(found.loser) == ["old" if won else "new"]
    assert {row.output for row in found.scores.rows} == {better}
    assert len(found.scores.rows) == 3


async def test_a_tie_keeps_the_prompt_that_was_there() -> None:
    found, _ = await fought(lambda slots, sample: ["A"], swap="balanced")
    assert (texts(found.winner), found.won, found.votes, found.wins) == (["old"], False, 4, 2)


async def test_votes_that_name_no_side_are_abstentions() -> None:
    """One vote for the new prompt and three that can't be read: the new one wins with 1 of 1."""
    said = iter([["B"], [], ["neither"], ["A or B"]])
    found, context = await fought(lambda slots, sample: next(said), swap="never")
    assert (found.votes, found.wins, found.won, context.counts["abstentions"]) == (1, 1, True, 3)
    found, context = await fought(lambda slots, sample: [])
    assert (texts(found.winner), found.votes, context.counts["abstentions"]) == (["old"], 0, 4)


@pytest.mark.parametrize("said", ["A", "a", "(A)", "**A**", "Answer A", "A."])
async def test_a_vote_is_read_with_its_wrapping(said: str) -> None:
    found, _ = await fought(lambda slots, sample: [said], swap="never")
    assert (found.votes, found.wins) == (4, 0)


async def test_the_judge_sees_inputs_and_answers_alone() -> None:
    _, context = await fought(judge("new"))
    for slots in context.asked:
        assert set(type(slots).model_fields) == {"pairs"}
        assert {frozenset((pair.a, pair.b)) for pair in slots.pairs} == {frozenset({"old", "new"})}
        assert [pair.example for pair in slots.pairs] == list(examples(3).items)


async def test_a_balanced_order_shows_each_prompt_as_a_in_half_of_the_votes() -> None:
    _, context = await fought(judge("new"), swap="balanced", votes=6)
    sides = {slots.pairs[0].a: n for slots, (_, n) in zip(context.asked, context.samples, strict=True)}
    assert sides == {"old": 3, "new": 3}


async def test_drawn_orders_differ_by_seed_and_are_the_same_for_one_seed() -> None:
    orders = []
    for seed in (0, 0, 1, 2, 3, 4):
        _, context = await fought(judge("new"), seed=seed)
        orders.append([(slots.pairs[0].a, n) for slots, (_, n) in zip(context.asked, context.samples, strict=True)])
    assert orders[0] == orders[1]
    assert len({str(order) for order in orders}) > 1


async def test_several_challengers_meet_the_winner_in_turn() -> None:
    found, context = await fought(judge("b"), "a", "b", "c")
    assert (texts(found.winner), texts(found.loser), found.votes, found.wins) == (["b"], ["a", "c"], 8, 4)
    assert context.counts == {"votes": 8, "votes for challengers": 4, "won by challengers": 1}
    assert sum(n for _, n in context.samples) == 8


async def test_a_prompt_without_a_rival_wins_without_a_call() -> None:
    found, context = await fought(judge("a"), "a")
    assert (texts(found.winner), found.won, context.asked) == (["a"], False, [])
    found, context = await fought(judge("a"), "a", "a")
    assert (texts(found.winner), found.won, context.asked) == (["a"], False, [])


async def test_a_page_for_each_input_has_votes_of_its_own() -> None:
    found, context = await fought(judge("new"), together=False, votes=2, swap="never")
    assert [len(slots.pairs) for slots in context.asked] == [1, 1, 1]
    assert (found.votes, found.wins) == (6, 6)


async def test_prompts_without_enough_shared_answers_are_not_compared() -> None:
    context = FakeContext(reply=judge("new"))
    found = await duel.run(Inputs(one=answers("old"), other=answers("new", lost=2)), Params(), context)
    assert (texts(found.winner), context.asked, context.counts["not compared"]) == (["old"], [], 1)


async def test_nothing_at_all_gives_nothing() -> None:
    found = await duel.run(Inputs(one=Scores()), Params(), FakeContext())
    assert (found.winner, found.won, found.votes) == (Prompts(), False, 0)


@given(one=st.integers(1, 3), other=st.integers(0, 3), votes=st.integers(1, 5), together=st.booleans(), seed=st.integers(0, 50))
async def test_the_bound_holds(one: int, other: int, votes: int, together: bool, seed: int) -> None:
    names = [f"p{number}" for number in range(one + other)]
    params = Params(votes=votes, together=together)
    context = FakeContext(reply=lambda slots, sample: ["A" if sample % 2 else "B"], seed=seed)
    inputs = Inputs(one=answers(*names[:one]), other=answers(*names[one:]) if other else None)
    found = await duel.run(inputs, params, context)
    sizes = {"one": Extent(one, one, 3), **({"other": Extent(0, other, 3)} if other else {})}
    most = bound(Sizes(sizes), params)
    asked = sum(n for _, n in context.samples)
    assert most.asks.least <= asked <= most.asks.most
    assert len(found.loser) <= most.outputs["loser"].most
    assert len(found.winner) == 1
