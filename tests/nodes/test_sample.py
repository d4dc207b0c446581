"""sample draws from a set, reproducibly, and never more than there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.errors import NodeError
from promptwire.nodes.sample import Inputs, Outputs, Params, sample
from promptwire.values import Examples, Scores
from tests.nodes.fake import FakeContext, examples, scores


async def draw(n: float, of: int = 10, **params: object) -> Outputs:
    return await sample.run(Inputs(of=examples(of)), Params(n=n, **params), FakeContext())  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("n", "of", "size"), [(3, 10, 3), (1, 10, 1), (0.5, 10, 5), (0.035, 7473, 261), (0.01, 10, 1), (5, 3, 3)]
)
async def test_n_is_a_count_and_below_one_a_share(n: float, of: int, size: int) -> None:
    assert len((await draw(n, of)).examples) == size


@pytest.mark.parametrize("policy", ["random", "epoch"])
async def test_an_empty_set_gives_an_empty_one(policy: str) -> None:
    found = await draw(3, 0, policy=policy)
    assert (len(found.examples), len(found.rest)) == (0, 0)


async def test_a_set_that_is_too_small_is_given_whole_and_counted() -> None:
    context = FakeContext()
    found = await sample.run(Inputs(of=examples(3)), Params(n=5), context)
    assert (len(found.examples), context.counts["short"]) == (3, 1)


@given(st.integers(0, 30), st.integers(1, 40), st.integers(0, 5))
async def test_drawn_and_rest_are_the_whole_set_without_overlap(of: int, n: int, seed: int) -> None:
    found = await sample.run(Inputs(of=examples(of)), Params(n=n), FakeContext(seed=seed))
    drawn, rest = ({example.id for example in some.items} for some in (found.examples, found.rest))
    assert not drawn & rest
    assert drawn | rest == {example.id for example in examples(of).items}
    assert len(drawn) == min(n, of)


async def test_the_same_seed_draws_the_same_and_another_round_draws_anew() -> None:
    def inputs() -> Inputs:
        return Inputs(of=examples(50))

    first, again, other = [await sample.run(inputs(), Params(n=5), FakeContext(round=round)) for round in ("0", "0", "1")]
    assert first == again
    assert first != other


async def test_an_epoch_shows_every_example_once_before_one_comes_again() -> None:
    seen: list[str] = []
    for round in range(5):
        found = await sample.run(Inputs(of=examples(10)), Params(n=2, policy="epoch"), FakeContext(round=str(round)))
        seen += [example.id for example in found.examples.items]
    assert len(set(seen)) == len(seen) == 10


async def test_another_seed_has_another_epoch_and_another_epoch_another_order() -> None:
    orders = []
    for seed, round in ((0, 0), (0, 1), (1, 0)):
        context = FakeContext(seed=seed, round=str(round))
        found = await sample.run(Inputs(of=examples(10)), Params(n=10, policy="epoch"), context)
        orders.append([example.id for example in found.examples.items])
    assert len({tuple(order) for order in orders}) == 3


async def test_the_last_batch_of_an_epoch_is_filled_up() -> None:
    found = await sample.run(Inputs(of=examples(5)), Params(n=3, policy="epoch"), FakeContext(round="1"))
    assert len(found.examples) == 3


async def test_hard_takes_the_lowest_values() -> None:
    graded = scores({"a": [1, 0, 1, 0, 1], "b": [1, 0, 1, 1, 1]})
    found = await sample.run(Inputs(of=examples(5), scores=graded), Params(n=2, policy="hard"), FakeContext())
    assert [example.input for example in found.examples.items] == ["in 1", "in 3"]


async def test_weighted_draws_no_solved_example_while_there_are_others() -> None:
    graded = scores({"a": [1, 0, 1, 0, 1]})
    for seed in range(20):
        context = FakeContext(seed=seed)
        found = await sample.run(Inputs(of=examples(5), scores=graded), Params(n=2, policy="weighted"), context)
        assert {example.input for example in found.examples.items} == {"in 1", "in 3"}


@pytest.mark.parametrize("policy", ["hard", "weighted"])
async def test_without_any_row_all_are_equally_likely(policy: str) -> None:
    found = await sample.run(Inputs(of=examples(5), scores=Scores()), Params(n=2, policy=policy), FakeContext())
    assert len(found.examples) == 2


async def test_hard_without_scores_is_refused() -> None:
    with pytest.raises(NodeError, match="needs `scores`"):
        await draw(2, policy="hard")


async def test_an_epoch_goes_on_over_the_rounds_of_all_loops_around() -> None:
    seen: list[str] = []
    for turn in range(8):
        context = FakeContext(round=f"{turn // 2}.{turn % 2}", turn=turn)
        found = await sample.run(Inputs(of=examples(12)), Params(n=3, policy="epoch"), context)
        seen += [example.id for example in found.examples.items]
    assert len(set(seen[:12])) == len(set(seen[12:])) == 12


@pytest.mark.parametrize(("policy", "n", "short"), [("near", 3, 0), ("near", 4, 1), ("apart", 4, 1)])
async def test_too_few_examples_beside_those_to_compare_with_are_counted_as_short(policy: str, n: int, short: int) -> None:
    of, context = examples(5), FakeContext()
    like = Examples(items=of.items[:2])
    found = await sample.run(Inputs(of=of, like=like), Params.model_validate({"n": n, "policy": policy}), context)
    assert (len(found.examples), context.counts["short"]) == (3, short)
