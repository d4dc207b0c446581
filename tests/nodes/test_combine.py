"""combine joins texts with demonstrations: all pairs, drawn ones, or those that a surrogate suggests."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import Extent, Sizes
from promptwire.errors import NodeError
from promptwire.nodes import combine as module
from promptwire.nodes.combine import Inputs, Outputs, Params, bound, combine, lacks
from promptwire.stats.tpe import INSTALL
from promptwire.values import Entry, History, Prompt, Prompts
from tests.nodes.fake import FakeContext, examples, prompts

TEXTS = prompts("a", "b", "c")
POOL = examples(6).items
SHOTS = Prompts(items=tuple(Prompt(text="other", demos=POOL[:count]) for count in range(4)))


def pair(text: str, shots: int) -> Prompt:
    return Prompt(text=text, demos=POOL[:shots])


def log(*trials: tuple[str, int, float]) -> History:
    """A history of these trials: text, number of demonstrations, score."""
    return History(entries=tuple(Entry(prompt=pair(text, shots), score=score, n=1) for text, shots, score in trials))


async def run(context: FakeContext | None = None, *, tried: History | None = None, **params: Any) -> Outputs:
    inputs = Inputs(prompts=TEXTS, shots=SHOTS, log=tried)
    found: Outputs = await combine.run(inputs, Params(**params), context or FakeContext())
    return found


def named(found: Outputs) -> list[tuple[str, int]]:
    return [(prompt.text, len(prompt.demos)) for prompt in found.prompts.items]


async def test_a_product_is_every_text_with_every_set_of_demonstrations_text_by_text() -> None:
    found = await run()
    assert named(found) == [(text, shots) for text in "abc" for shots in range(4)]
    assert found.prompts.items[0] is TEXTS.items[0], "a text that already has the demonstrations stays itself"
    assert found.prompts.items[6].parents == (TEXTS.items[1].id, SHOTS.items[2].id)


async def test_equal_texts_and_equal_demonstrations_are_one_option_each() -> None:
    """Texts count without the demonstrations that they bring, and demonstrations without their text."""
    twice = Prompts(items=(pair("a", 0), pair("a", 2), pair("b", 2)))
    found = await combine.run(Inputs(prompts=twice, shots=twice), Params(), FakeContext())
    assert named(found) == [("a", 0), ("a", 2), ("b", 0), ("b", 2)]


@pytest.mark.parametrize(("n", "count"), [(1, 1), (5, 5), (40, 12)])
async def test_a_draw_gives_different_pairs_and_each_round_others(n: int, count: int) -> None:
    found = named(await run(policy="draw", n=n))
    assert len(found) == len(set(found)) == count
    assert found == named(await run(policy="draw", n=n))
    if n == 5:
        assert found != named(await run(FakeContext(round="1"), policy="draw", n=n))


async def test_each_pair_is_drawn_as_often_as_any_other() -> None:
    drawn = [named(await run(FakeContext(seed=seed), policy="draw"))[0] for seed in range(600)]
    assert {drawn.count(one) > 20 for one in set(drawn)} == {True}
    assert len(set(drawn)) == 12


async def test_first_suggestions_do_not_depend_on_scores_and_later_ones_do() -> None:
    def tried(count: int, *, good: bool) -> History:
        return log(*[("abc"[place % 3], place % 4, float(good and place % 3 == 1)) for place in range(count)])

    for count in range(10):
        first, other = [await run(tried=tried(count, good=good), policy="tpe") for good in (True, False)]
        assert first == other
    good = [named(await run(FakeContext(seed=seed), tried=tried(24, good=True), policy="tpe"))[0][0] for seed in range(30)]
    flat = [named(await run(FakeContext(seed=seed), tried=tried(24, good=False), policy="tpe"))[0][0] for seed in range(30)]
    assert good.count("b") >= 24 > flat.count("b")


async def test_the_same_seed_and_log_give_the_same_suggestion_and_the_order_of_the_log_is_its_own() -> None:
    tried = log(*[("abc"[place % 3], place % 4, place / 20) for place in range(15)])
    found = [named(await run(FakeContext(round="3"), tried=tried, policy="tpe", n=3)) for _ in range(2)]
    assert found[0] == found[1]


async def test_an_entry_of_other_texts_or_shots_is_counted_and_teaches_nothing() -> None:
    context = FakeContext()
    found = await run(context, tried=log(("a", 1, 1.0), ("z", 1, 1.0), ("a", 5, 1.0)), policy="tpe")
    assert context.counts["entries of no pair"] == 2
    assert named(found) == named(await run(tried=log(("a", 1, 1.0)), policy="tpe"))


async def test_no_texts_or_no_shots_give_no_pair() -> None:
    for policy in ("product", "draw", "tpe"):
        inputs = Inputs(prompts=TEXTS, shots=Prompts(), log=History())
        assert not len((await combine.run(inputs, Params(policy=policy), FakeContext())).prompts)


async def test_a_surrogate_without_a_log_or_without_optuna_is_refused_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NodeError, match="needs `log`"):
        await run(policy="tpe")
    assert lacks({"log"}, Params(policy="tpe")) == ("", "")
    monkeypatch.setattr(module, "installed", lambda: False)
    assert lacks({"log"}, Params(policy="tpe")) == ("policy 'tpe' needs Optuna, which is not installed", INSTALL)
    assert lacks(set(), Params(policy="draw")) == ("", "")


@given(texts=st.integers(0, 3), shots=st.integers(0, 3), n=st.integers(1, 12), policy=st.sampled_from(["product", "draw"]))
async def test_there_are_no_more_pairs_than_its_bound(texts: int, shots: int, n: int, policy: Any) -> None:
    inputs = Inputs(prompts=Prompts(items=TEXTS.items[:texts]), shots=Prompts(items=SHOTS.items[:shots]))
    params = Params(policy=policy, n=n)
    found = await combine.run(inputs, params, FakeContext())
    promised = bound(Sizes({"prompts": Extent.exactly(texts), "shots": Extent.exactly(shots)}), params).outputs["prompts"]
    assert promised.least <= len(found.prompts) <= promised.most
