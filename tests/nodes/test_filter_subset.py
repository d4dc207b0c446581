"""filter-subset keeps the good candidates and spends little on the poor ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.errors import NodeError
from promptwire.nodes.filter_subset import Inputs, Outputs, Params, filter_subset
from promptwire.values import Example, Prompt
from tests.nodes.fake import FakeContext, examples, prompts, texts


def by_number(prompt: Prompt, example: Example) -> float:
    return int(prompt.text) / 100


async def run(count: int, of: int, context: FakeContext, **params: object) -> Outputs:
    inputs = Inputs(prompts=prompts(*map(str, range(count))), on=examples(of))
    return await filter_subset.run(inputs, Params(**params), context)  # type: ignore[no-any-return, arg-type]


async def test_stages_grow_while_candidates_halve_and_the_last_see_all() -> None:
    context = FakeContext(value=by_number)
    found = await run(16, 100, context, first=10, growth=2, keep=0.5, until=4)
    assert context.scored == [(16, 10), (8, 20), (4, 70)]
    assert texts(found.prompts) == ["15", "14", "13", "12"]


async def test_subsets_are_disjoint_so_means_run_over_all_of_them() -> None:
    found = await run(16, 100, FakeContext(value=by_number), first=10, until=4)
    rows = [len(found.scores.values(prompt)) for prompt in found.scores.prompts.items]
    assert rows == [10] * 8 + [30] * 4 + [100] * 4
    assert len({(row.prompt, row.example) for row in found.scores.rows}) == len(found.scores.rows)


async def test_without_full_the_survivors_see_no_more() -> None:
    context = FakeContext(value=by_number)
    await run(8, 100, context, first=5, until=4, full=False)
    assert context.scored == [(8, 5)]


async def test_few_candidates_skip_the_stages() -> None:
    context = FakeContext(value=by_number)
    found = await run(3, 20, context, until=4)
    assert (context.scored, texts(found.prompts)) == ([(3, 20)], ["2", "1", "0"])


async def test_examples_that_run_out_end_the_stages() -> None:
    context = FakeContext(value=by_number)
    found = await run(16, 15, context, first=10, until=2)
    assert context.scored == [(16, 10), (8, 5)]
    assert texts(found.prompts) == ["15", "14"]


async def test_no_candidates_give_an_empty_set_without_a_call() -> None:
    context = FakeContext()
    found = await run(0, 0, context)
    assert (len(found.prompts), context.scored) == (0, [])


async def test_no_examples_are_refused() -> None:
    with pytest.raises(NodeError, match="no examples"):
        await run(2, 0, FakeContext())


async def test_a_stage_that_broke_off_does_not_overrule_the_stages_before() -> None:
    class Limited(FakeContext):
        def rows_left(self, prompt: Prompt, example: Example) -> float | None:
            # From the second stage on only one lucky row of the poorest survivor is paid for.
            if len(self.scored) == 1:
                return int(prompt.text) / 100
            return 1.0 if prompt.text == "4" and self.scored_one() else None

        def scored_one(self) -> bool:
            self.lucky = getattr(self, "lucky", 0) + 1
            return self.lucky == 1

    context = Limited()
    context._value = context.rows_left
    found = await run(8, 100, context, first=10, until=2)
    assert texts(found.prompts) == ["7", "6"]
    assert context.counts["stages broken off"] > 0


@pytest.mark.parametrize(("round", "partial"), [("", True), ("0", False)])
async def test_a_limit_ends_it_early_only_outside_of_loops(round: str, partial: bool) -> None:
    context = FakeContext(value=by_number, round=round)
    await run(2, 5, context)
    assert set(context.partial) == {partial}


@given(st.integers(0, 20), st.integers(1, 30), st.integers(1, 10), st.integers(1, 6), st.floats(0.05, 0.95), st.integers(0, 3))
async def test_survivors_are_candidates_and_no_pair_is_scored_twice(
    count: int, of: int, first: int, until: int, keep: float, seed: int
) -> None:
    context, again = FakeContext(value=by_number, seed=seed), FakeContext(value=by_number, seed=seed)
    found = await run(count, of, context, first=first, until=until, keep=keep)
    assert len(found.prompts) == min(count, until)
    assert set(texts(found.prompts)) <= set(map(str, range(count)))
    assert context.pulls == len(found.scores.rows) <= count * of
    assert found == await run(count, of, again, first=first, until=until, keep=keep)
