"""beam-select keeps the best, within its budget."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import Extent, Sizes
from promptwire.errors import NodeError
from promptwire.nodes.beam_select import Inputs, Outputs, Params, beam_select
from promptwire.values import Example, Prompt, Scores
from tests.nodes.fake import FakeContext, examples, prompts, scores, texts

BANDITS = ("uniform", "ucb", "ucb-e", "successive-rejects", "successive-halving")


def by_number(prompt: Prompt, example: Example) -> float:
    return int(prompt.text) / 100


def noisy(prompt: Prompt, example: Example) -> float:
    return float(random.Random(f"{prompt.text}/{example.input}").random() < int(prompt.text) / 40)


async def run(count: int, of: int, context: FakeContext, **params: object) -> Outputs:
    inputs = Inputs(prompts=prompts(*map(str, range(count))), on=examples(of))
    return await beam_select.run(inputs, Params(**params), context)  # type: ignore[no-any-return, arg-type]


async def test_top_takes_scores_that_are_there_without_a_call() -> None:
    context = FakeContext()
    table = scores({"a": [0, 1], "b": [1, 1], "c": [0, 0]})
    found = await beam_select.run(Inputs(scores=table), Params(keep=2), context)
    assert (texts(found.prompts), context.scored) == (["b", "a"], [])


async def test_the_rows_of_the_best_are_handed_on_alone() -> None:
    found = await beam_select.run(Inputs(scores=scores({"a": [0, 1], "b": [1, 1], "c": [0, 0]})), Params(keep=2), FakeContext())
    assert (texts(found.kept.prompts), [row.value for row in found.kept.rows]) == (["b", "a"], [0, 1, 1, 1])
    assert len(found.scores.rows) == 6


async def test_top_scores_all_on_all_examples() -> None:
    context = FakeContext(value=by_number)
    found = await run(5, 7, context, keep=2)
    assert (texts(found.prompts), context.pulls) == (["4", "3"], 35)


async def test_ties_go_to_more_examples_and_then_to_the_one_written_first() -> None:
    table = scores({"z": [1, 1], "b": [1, 1, 1], "a": [1, 1]})
    found = await beam_select.run(Inputs(scores=table), Params(keep=3), FakeContext())
    assert texts(found.prompts) == ["b", "z", "a"]


async def test_a_prompt_that_was_never_scored_is_below_one_that_scored_less_than_nothing() -> None:
    table = scores({"scored": [-5.0]})
    found = await beam_select.run(Inputs(prompts=prompts("new", "scored"), scores=table), Params(keep=2), FakeContext())
    assert texts(found.prompts) == ["scored", "new"]


@pytest.mark.parametrize("policy", BANDITS)
async def test_every_policy_finds_the_best_of_clear_values(policy: str) -> None:
    found = await run(12, 50, FakeContext(value=by_number), keep=3, policy=policy, pulls=400, per_round=4, batch=4)
    assert texts(found.prompts) == ["11", "10", "9"]


@pytest.mark.parametrize("policy", BANDITS)
async def test_the_best_of_noisy_arms_is_in_the_beam(policy: str) -> None:
    found = await run(36, 200, FakeContext(value=noisy), keep=4, policy=policy, pulls=2048)
    assert min(map(int, texts(found.prompts))) >= 26


@pytest.mark.parametrize("policy", BANDITS)
@given(
    count=st.integers(0, 12), of=st.integers(1, 20), pulls=st.integers(1, 150), keep=st.integers(1, 5), seed=st.integers(0, 2)
)
async def test_budget_is_kept_and_the_same_seed_chooses_the_same(
    policy: str, count: int, of: int, pulls: int, keep: int, seed: int
) -> None:
    params = {"policy": policy, "pulls": pulls, "keep": keep, "per_round": 3, "batch": 4}
    context, again = FakeContext(value=noisy, seed=seed), FakeContext(value=noisy, seed=seed)
    found = await run(count, of, context, **params)
    assert context.pulls <= pulls
    assert context.pulls == len({(row.prompt, row.example) for row in found.scores.rows})
    assert len(found.prompts) == min(count, keep)
    assert set(texts(found.prompts)) <= set(map(str, range(count)))
    assert found == await run(count, of, again, **params)


@pytest.mark.parametrize("policy", ["ucb", "ucb-e"])
async def test_bounds_spend_the_whole_budget_and_look_at_every_arm_first(policy: str) -> None:
    context = FakeContext(value=noisy)
    found = await run(36, 400, context, keep=4, policy=policy, pulls=2048)
    assert context.pulls == 2048
    assert all(found.scores.values(prompt) for prompt in found.scores.prompts.items)


@pytest.mark.parametrize("policy", ["ucb", "ucb-e"])
@pytest.mark.parametrize(
    ("pulls", "batch", "examples", "reached"), [(70, 32, 40, 3), (71, 8, 40, 9), (80, 8, 40, 10), (70, 32, 7, 10), (9, 1, 7, 9)]
)
async def test_the_bound_warns_of_prompts_that_a_run_never_scores(
    policy: str, pulls: int, batch: int, examples: int, reached: int
) -> None:
    params: dict[str, object] = {"keep": 2, "policy": policy, "pulls": pulls, "batch": batch}
    found = await run(10, examples, FakeContext(value=noisy), **params)
    assert sum(bool(found.scores.values(prompt)) for prompt in found.scores.prompts.items) == reached
    assert beam_select.bound is not None
    sizes = Sizes({"prompts": Extent.exactly(10), "on": Extent.exactly(examples)})
    warnings = beam_select.bound(sizes, Params.model_validate(params)).warnings
    assert [f"reach {reached} of up to 10 prompts, the others are never scored" in each.message for each in warnings] == (
        [True] if reached < 10 else []
    )


async def test_rejects_spends_no_more_than_its_budget_where_the_original_spends_three_times() -> None:
    context = FakeContext(value=noisy)
    await run(36, 2000, context, keep=4, policy="successive-rejects", pulls=2048)
    assert 1900 < context.pulls <= 2048


@pytest.mark.parametrize("policy", BANDITS)
async def test_a_budget_below_one_pull_each_prefers_what_was_looked_at(policy: str) -> None:
    context = FakeContext(value=by_number)
    found = await run(10, 5, context, keep=2, policy=policy, pulls=3, batch=1)
    looked = [prompt for prompt in found.prompts.items if found.scores.values(prompt)]
    assert context.pulls <= 3
    assert len(looked) == (2 if context.pulls >= 2 else context.pulls)


@pytest.mark.parametrize(
    ("inputs", "params", "words"),
    [
        (Inputs(prompts=prompts("a")), Params(), "nothing to choose by"),
        (Inputs(on=examples(2)), Params(), "nothing to choose by"),
        (Inputs(scores=scores({"a": [1.0]})), Params(policy="ucb"), "needs examples"),
        (Inputs(prompts=prompts("a"), on=examples(0)), Params(), "no examples"),
    ],
)
async def test_what_it_cannot_choose_by_is_refused(inputs: Inputs, params: Params, words: str) -> None:
    with pytest.raises(NodeError, match=words):
        await beam_select.run(inputs, params, FakeContext())


async def test_no_prompts_give_an_empty_beam() -> None:
    found = await beam_select.run(Inputs(prompts=prompts(), scores=Scores()), Params(), FakeContext())
    assert len(found.prompts) == 0


async def test_a_prompt_that_a_limit_cut_short_counts_as_not_scored() -> None:
    def value(prompt: Prompt, example: Example) -> float | None:
        return 0.5 if prompt.text == "a" else 1.0 if example.input == "in 0" else None

    inputs = Inputs(prompts=prompts("b", "a"), on=examples(10))
    found = await beam_select.run(inputs, Params(), FakeContext(value=value))
    assert texts(found.prompts) == ["a"]


@given(
    count=st.integers(1, 20),
    of=st.integers(1, 30),
    pulls=st.integers(1, 300),
    per_round=st.integers(1, 6),
    batch=st.integers(1, 9),
    failing=st.integers(1, 4),
)
async def test_unknown_prompts_that_do_not_wait_for_one_another_are_chosen_from_as_round_by_round(
    count: int, of: int, pulls: int, per_round: int, batch: int, failing: int
) -> None:
    def value(prompt: Prompt, example: Example) -> float | None:
        return noisy(prompt, example) if (int(prompt.text) + 1) % failing or failing == 1 else None

    params = {"policy": "ucb", "pulls": pulls, "per_round": per_round, "batch": batch, "keep": 2}
    early, late = FakeContext(value=value), FakeContext(value=value, unlimited=False)
    assert await run(count, of, early, **params) == await run(count, of, late, **params)
    assert early.scored == late.scored
