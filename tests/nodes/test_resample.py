"""resample writes variants of each prompt."""

from __future__ import annotations

import pytest

from promptwire.bounds import Extent, Sizes
from promptwire.nodes.resample import Inputs, Params, bound, resample
from promptwire.values import Prompt, Prompts
from tests.nodes.fake import FakeContext, examples, prompts, texts


def numbered(slots: object, sample: int) -> list[str]:
    return [f"{slots.prompt.text} {sample}"]  # type: ignore[attr-defined]


async def test_each_prompt_has_n_variants_with_itself_as_parent() -> None:
    found = await resample.run(Inputs(prompts=prompts("a", "b")), Params(n=2), FakeContext(reply=numbered))
    assert texts(found.prompts) == ["a 0", "a 1", "b 0", "b 1"]
    assert found.prompts.items[2].parents == (prompts("b").items[0].id,)


async def test_parents_come_first_when_they_are_kept() -> None:
    params = Params(n=1, keep_parents=True)
    found = await resample.run(Inputs(prompts=prompts("a", "b")), params, FakeContext(reply=numbered))
    assert texts(found.prompts) == ["a", "b", "a 0", "b 0"]


async def test_what_equals_a_prompt_or_a_variant_is_counted_and_left_out() -> None:
    context = FakeContext(reply=lambda slots, sample: ["a"] if sample == 0 else ["c"])
    found = await resample.run(Inputs(prompts=prompts("a", "b")), Params(n=2), context)
    assert (texts(found.prompts), context.counts["duplicates"]) == (["c"], 3)


async def test_demonstrations_stay_and_are_part_of_the_identity() -> None:
    parent = Prompt(text="a", demos=examples(2).items)
    context = FakeContext(reply=lambda slots, sample: ["b"])
    found = await resample.run(Inputs(prompts=Prompts(items=(parent,))), Params(), context)
    assert found.prompts.items[0].demos == parent.demos
    assert found.prompts.items[0].id == Prompt(text="b", demos=parent.demos).id


async def test_no_prompts_or_no_variants_ask_nothing() -> None:
    context = FakeContext(reply=numbered)
    await resample.run(Inputs(prompts=prompts()), Params(n=3), context)
    found = await resample.run(Inputs(prompts=prompts("a")), Params(n=0, keep_parents=True), context)
    assert (context.asked, texts(found.prompts)) == ([], ["a"])


@pytest.mark.parametrize(
    ("given", "fill", "asked"),
    [("abcde", 10, [1, 1, 1, 1, 1]), ("a", 10, [9]), ("abc", 10, [3, 2, 2]), ("abc", 4, [1]), ("abc", 3, []), ("", 5, [])],
)
async def test_a_set_is_filled_up_with_variants_shared_out_evenly(given: str, fill: int, asked: list[int]) -> None:
    context = FakeContext(reply=numbered)
    found = await resample.run(Inputs(prompts=prompts(*given)), Params(n=7, fill=fill, keep_parents=True), context)
    assert [n for _, n in context.samples] == [slots.n for slots in context.asked] == asked
    assert len(found.prompts) == len(given) + sum(asked)
    size = bound(Sizes({"prompts": Extent.exactly(len(given))}), Params(fill=fill)).asks
    assert (size.least, size.most) == (sum(asked), sum(asked))


async def test_a_reply_can_become_a_companion_and_equal_ones_can_stay_apart() -> None:
    context = FakeContext(reply=lambda slots, sample: ["Be brief."])
    found = await resample.run(Inputs(prompts=prompts("a")), Params(n=2, into="mutation", equal="keep"), context)
    assert [(prompt.text, dict(prompt.companions)) for prompt in found.prompts.items] == [
        ("a", {"mutation": "Be brief."}),
        ("a", {"mutation": "Be brief.", "member": "2"}),
    ]
