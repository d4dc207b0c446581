"""demos gives and varies the examples that a prompt shows."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import Extent, Sizes
from promptwire.nodes.demos import Inputs, Outputs, Params, bound, demos
from promptwire.values import Examples, Prompt, Prompts
from tests.nodes.fake import FakeContext, examples, prompts, texts

POOL = examples(8)


async def run(prompts: Prompts, context: FakeContext, pool: Examples = POOL, **params: Any) -> Outputs:
    found: Outputs = await demos.run(Inputs(prompts=prompts, examples=pool), Params(**params), context)
    return found


def shots(found: Outputs) -> list[list[str]]:
    """Inputs of the demonstrations of each prompt."""
    return [[demo.text for demo in prompt.demos] for prompt in found.prompts.items]


async def test_each_prompt_draws_from_none_to_most_different_shots() -> None:
    many = prompts(*map(str, range(60)))
    found = await run(many, FakeContext(), most=5)
    assert texts(found.prompts) == texts(many)
    assert {len(some) for some in shots(found)} == set(range(6))
    assert all(len(some) == len(set(some)) for some in shots(found))


async def test_a_shot_shows_what_the_task_model_wrote_where_that_is_right() -> None:
    """It was asked with the bare text; what it got wrong shows the right output."""
    start = Prompts(items=tuple(Prompt(text=str(number), demos=POOL.items[:2]) for number in range(20)))
    context = FakeContext(value=lambda prompt, example: float(not prompt.demos and example.text < "in 4"))
    found = await run(start, context)
    outputs = {(demo.text < "in 4", demo.output == "out") for prompt in found.prompts.items for demo in prompt.demos}
    assert outputs == {(True, True), (False, False)}
    assert context.counts["worked"] == sum(demo.output == "out" for prompt in found.prompts.items for demo in prompt.demos)
    plain = FakeContext()
    found = await run(start, plain, worked=False)
    assert (
        plain.pulls,
        {demo.output for prompt in found.prompts.items for demo in prompt.demos} <= {f"out {n}" for n in range(8)},
    ) == (0, True)


async def test_a_call_that_failed_leaves_the_examples_own_output() -> None:
    found = await run(prompts(*map(str, range(9))), FakeContext(value=lambda prompt, example: None))
    assert all(demo.output.startswith("out ") for prompt in found.prompts.items for demo in prompt.demos)


async def test_variation_adds_or_drops_or_keeps_each_as_likely_and_shuffles() -> None:
    start = Prompts(items=tuple(Prompt(text=str(number), demos=POOL.items[:3]) for number in range(300)))
    context = FakeContext()
    found = await run(start, context, policy="vary")
    sizes = Counter(map(len, shots(found)))
    assert set(sizes) == {2, 3, 4}
    assert all(70 < sizes[size] < 130 for size in sizes)
    assert context.pulls == sizes[4] == context.counts["worked"]
    assert all(len(some) == len(set(some)) for some in shots(found))
    assert len({tuple(some) for some in shots(found) if len(some) == 3}) == 6


@pytest.mark.parametrize(("held", "most", "sizes"), [(0, 5, {0, 1}), (3, 3, {2, 3}), (0, 0, {0})])
async def test_there_are_never_more_than_most_nor_fewer_than_none(held: int, most: int, sizes: set[int]) -> None:
    start = Prompts(items=tuple(Prompt(text=str(number), demos=POOL.items[:held]) for number in range(40)))
    assert {len(some) for some in shots(await run(start, FakeContext(), policy="vary", most=most))} == sizes


async def test_a_pool_that_is_used_up_or_empty_adds_nothing() -> None:
    start = Prompts(items=tuple(Prompt(text=str(number), demos=POOL.items[:2]) for number in range(20)))
    context = FakeContext()
    found = await run(start, context, Examples(items=POOL.items[:2]), policy="vary")
    assert ({len(some) for some in shots(found)}, context.pulls) == ({1, 2}, 0)
    assert shots(await run(prompts("a"), FakeContext(), Examples())) == [[]]


async def test_a_prompt_with_other_shots_is_the_child_of_the_one_without_and_an_unchanged_one_is_itself() -> None:
    many = prompts(*map(str, range(30)))
    found = await run(many, FakeContext())
    for old, new in zip(many.items, found.prompts.items, strict=True):
        assert (new is old) if not new.demos else (new.parents == (old.id,) and new.id != old.id)


@given(
    count=st.integers(0, 4), pool=st.integers(0, 4), most=st.integers(0, 3), policy=st.sampled_from(["draw", "vary"]),
    worked=st.booleans(), held=st.integers(0, 3), seed=st.integers(0, 5),
)  # fmt: skip
async def test_it_asks_no_more_than_its_bound_and_the_same_seed_gives_the_same(
    count: int, pool: int, held: int, seed: int, **params: Any
) -> None:
    start = Prompts(items=tuple(Prompt(text=str(number), demos=POOL.items[:held]) for number in range(count)))
    context, again = FakeContext(seed=seed), FakeContext(seed=seed)
    found = await run(start, context, Examples(items=POOL.items[:pool]), **params)
    assert found == await run(start, again, Examples(items=POOL.items[:pool]), **params)
    promised = bound(Sizes({"prompts": Extent.exactly(count), "examples": Extent.exactly(pool)}), Params(**params))
    assert promised.scores.least <= context.pulls <= promised.scores.most
    assert promised.outputs["prompts"].least <= len(found.prompts) <= promised.outputs["prompts"].most


SIX = {"policy": "bootstrap", "most": 2, "labelled": 3, "sets": 6}


async def boot(context: FakeContext, pool: Examples = POOL, **params: Any) -> Outputs:
    return await run(prompts("a"), context, pool, **{**SIX, **params})


def made(prompt: Prompt) -> int:
    """Number of its shots that show a reply of the model."""
    return sum(bool(demo.made_by) for demo in prompt.demos)


async def test_given_examples_are_the_shots_of_every_prompt_as_they_are() -> None:
    context = FakeContext()
    found = await run(
        Prompts(items=(Prompt(text="a", demos=POOL.items[:3]), Prompt(text="b"))), context, policy="given", most=1
    )
    assert [prompt.demos for prompt in found.prompts.items] == [POOL.items] * 2
    assert (context.pulls, texts(found.prompts)) == (0, ["a", "b"])
    assert (await run(found.prompts, context, policy="given")).prompts == found.prompts
    assert shots(await run(found.prompts, context, Examples(), policy="given")) == [[], []]


async def test_bootstrapped_sets_are_empty_then_labelled_then_in_order_then_shuffled() -> None:
    found = (await boot(FakeContext(seed=3))).prompts.items
    assert [len(prompt.demos) for prompt in found] == [0, 3, 3, 3, 3, 3]
    assert [made(prompt) for prompt in found[:3]] == [0, 0, 2]
    assert [demo.text for demo in found[2].demos[:2]] == ["in 0", "in 1"], "in the order of the examples"
    assert [demo.output for demo in found[2].demos[:2]] == ["out", "out"]
    assert all(demo.output.startswith("out ") for demo in found[2].demos[2:])
    sizes = {made((await boot(FakeContext(seed=seed))).prompts.items[3]) for seed in range(12)}
    assert sizes == {1, 2}, "the size of a shuffled set is drawn"
    assert all(len({demo.text for demo in prompt.demos}) == len(prompt.demos) for prompt in found)


async def test_only_replies_that_pass_are_shown_and_the_walk_ends_with_the_last_one_needed() -> None:
    context = FakeContext(value=lambda prompt, example: float(example.text in ("in 2", "in 3", "in 5")))
    found = await boot(context, sets=3)
    assert [demo.text for demo in found.prompts.items[2].demos if demo.made_by] == ["in 2", "in 3"]
    assert context.pulls == 4
    none = FakeContext(value=lambda prompt, example: 0.0)
    found = await boot(none, sets=3)
    assert (made(found.prompts.items[2]), len(found.prompts.items[2].demos), none.pulls) == (0, 3, 8)


@pytest.mark.parametrize(("threshold", "passes"), [(None, 0), (0.5, 2), (0.7, 0)])
async def test_the_threshold_decides_which_reply_passes(threshold: float | None, passes: int) -> None:
    found = await boot(FakeContext(value=lambda prompt, example: 0.6), sets=3, threshold=threshold)
    assert made(found.prompts.items[2]) == passes


async def test_the_model_answers_with_drawn_shots_but_never_with_the_example_itself_among_them() -> None:
    seen: list[tuple[str, list[str]]] = []

    def value(prompt: Prompt, example: Any) -> float:
        seen.append((example.text, [demo.text for demo in prompt.demos]))
        return 0.0

    await boot(FakeContext(value=value), labelled=4)
    assert all(example not in shown and len(shown) in (3, 4) for example, shown in seen)
    assert {len(shown) for _, shown in seen} == {3, 4}


@pytest.mark.parametrize(
    ("params", "sizes", "replies"),
    [
        ({"labelled": 0}, [0, 2], [0, 2]),
        ({"most": 0, "sets": 3}, [0, 3, 3], [0, 0, 0]),
        ({"most": 0, "labelled": 0}, [0], [0]),
        ({"most": 5, "sets": 3}, [0, 3, 5], [0, 0, 5]),
        ({"sets": 1}, [0], [0]),
    ],
)
async def test_sets_without_bootstrapped_or_without_labelled_shots(
    params: dict[str, int], sizes: list[int], replies: list[int]
) -> None:
    found = (await boot(FakeContext(), **params)).prompts.items
    assert [len(prompt.demos) for prompt in found][: len(sizes)] == sizes
    assert [made(prompt) for prompt in found][: len(replies)] == replies


@given(
    count=st.integers(0, 3), pool=st.integers(0, 5), most=st.integers(0, 3), labelled=st.integers(0, 3), sets=st.integers(1, 5),
    policy=st.sampled_from(["bootstrap", "given"]), held=st.integers(0, 2), seed=st.integers(0, 5),
)  # fmt: skip
async def test_sets_ask_no_more_than_the_bound_and_the_same_seed_gives_the_same(
    count: int, pool: int, held: int, seed: int, **params: Any
) -> None:
    start = Prompts(items=tuple(Prompt(text=str(number), demos=POOL.items[:held]) for number in range(count)))
    half = [FakeContext(seed=seed, value=lambda prompt, example: float(example.text < "in 2")) for _ in range(2)]
    found, again = [await run(start, context, Examples(items=POOL.items[:pool]), **params) for context in half]
    assert found == again
    promised = bound(Sizes({"prompts": Extent.exactly(count), "examples": Extent.exactly(pool)}), Params(**params))
    assert promised.scores.least <= half[0].pulls <= promised.scores.most
    assert promised.outputs["prompts"].least <= len(found.prompts) <= promised.outputs["prompts"].most
