"""crossover writes children from families."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.nodes.crossover import Inputs, Params, crossover
from promptwire.values import Critique, Critiques, Families, Prompt, Prompts
from tests.nodes.fake import FakeContext, examples, prompts, texts

A, B, C = prompts("a", "b", "c").items


def joined(slots: Any, sample: int) -> list[str]:
    return ["".join(prompt.text for prompt in slots.family) + f" {sample}"]


async def test_each_family_has_a_child_of_all_its_members() -> None:
    context = FakeContext(reply=joined)
    found = await crossover.run(Inputs(of=Families(items=((A, B), (C, A, B)))), Params(), context)
    assert texts(found.prompts) == ["ab 0", "cab 0"]
    assert [prompt.parents for prompt in found.prompts.items] == [(A.id, B.id), (C.id, A.id, B.id)]
    assert [slots.donors for slots in context.asked] == [(B,), (A, B)]


async def test_a_repeated_family_gives_another_child() -> None:
    context = FakeContext(reply=joined)
    found = await crossover.run(Inputs(of=Families(items=((A, B), (A, B), (B, A)))), Params(n=2), context)
    assert texts(found.prompts) == ["ab 0", "ab 1", "ab 2", "ab 3", "ba 0", "ba 1"]
    assert context.samples == [(0, 2), (2, 2), (0, 2)]


async def test_a_family_of_one_prompt_has_one_parent() -> None:
    found = await crossover.run(Inputs(of=Families(items=((A, A),))), Params(), FakeContext(reply=joined))
    assert [prompt.parents for prompt in found.prompts.items] == [(A.id,)]


async def test_the_best_so_far_is_shown_and_is_a_parent_too() -> None:
    context = FakeContext(reply=joined)
    found = await crossover.run(Inputs(of=Families(items=((A, B),)), best=Prompts(items=(C, A))), Params(), context)
    assert (context.asked[0].best, found.prompts.items[0].parents) == (C, (A.id, B.id, C.id))
    await crossover.run(Inputs(of=Families(items=((A, B),)), best=Prompts()), Params(), context)
    assert context.asked[1].best is None


async def test_critiques_stand_with_their_parent() -> None:
    said = [Critique(text="dull", prompt=B), Critique(text="long", prompt=A), Critique(text="vague", prompt=B)]
    context = FakeContext(reply=joined)
    inputs = Inputs(of=Families(items=((A, B), (C, A))), critiques=Critiques(items=tuple(said)))
    await crossover.run(inputs, Params(), context)
    shown = [[[critique.text for critique in one] for one in slots.critiques] for slots in context.asked]
    assert shown == [[["long"], ["dull", "vague"]], [[], ["long"]]]


@pytest.mark.parametrize(("demos", "count"), [("first", 3), ("half", 2)])
async def test_a_child_has_the_shots_of_the_first_or_half_of_all(demos: str, count: int) -> None:
    shots = examples(4).items
    mother, father = Prompt(text="m", demos=shots[:3]), Prompt(text="f", demos=shots[2:])
    inputs = Inputs(of=Families(items=((mother, father),) * 6))
    found = await crossover.run(inputs, Params(demos=demos), FakeContext(reply=joined))
    drawn = {tuple(demo.id for demo in prompt.demos) for prompt in found.prompts.items}
    assert all(len(some) == len(set(some)) == count for some in drawn)
    assert (len(drawn) == 1) == (demos == "first")
    assert {demo for some in drawn for demo in some} <= {shot.id for shot in shots}


async def test_equal_children_are_one_and_counted() -> None:
    context = FakeContext(reply=lambda slots, sample: ["same"])
    found = await crossover.run(Inputs(of=Families(items=((A, B), (B, C)))), Params(), context)
    assert (texts(found.prompts), context.counts["duplicates"]) == (["same"], 1)
    assert found.prompts.items[0].parents == (A.id, B.id)


async def test_no_families_have_no_children() -> None:
    context = FakeContext(reply=joined)
    found = await crossover.run(Inputs(of=Families()), Params(), context)
    assert (texts(found.prompts), context.asked) == ([], [])


async def test_a_reply_can_become_a_companion_of_the_first_parent() -> None:
    first, other = prompts("a", "b").items
    context = FakeContext(reply=lambda slots, sample: ["clerk"])
    found = await crossover.run(Inputs(of=Families(items=((first, other),))), Params(into="persona", equal="keep"), context)
    (made,) = found.prompts.items
    assert (made.text, made.companions, made.parents) == ("a", {"persona": "clerk"}, (first.id, other.id))
