"""generate asks draws x n times and keeps what is new."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from promptwire.errors import NodeError
from promptwire.nodes.generate import Inputs, Params, generate
from promptwire.values import Companions, Prompt
from tests.nodes.fake import FakeContext, examples, prompts, texts


async def test_every_sample_is_a_prompt_in_the_order_of_draws() -> None:
    context = FakeContext(reply=lambda slots, sample: [f"text {sample}"])
    found = await generate.run(Inputs(), Params(n=2, draws=2), context)
    assert texts(found.prompts) == ["text 0", "text 1", "text 2", "text 3"]
    assert {prompt.made_by for prompt in found.prompts.items} == {"here"}


async def test_identical_requests_have_sample_numbers_of_their_own() -> None:
    context = FakeContext()
    await generate.run(Inputs(), Params(n=8, draws=2), context)
    assert context.samples == [(0, 8), (8, 8)]


async def test_each_draw_shows_examples_of_its_own() -> None:
    context = FakeContext()
    await generate.run(Inputs(examples=examples(30)), Params(draws=2, shots=5), context)
    one, other = (slots.examples for slots in context.asked)
    assert len(one) == len(other) == 5
    assert one != other


async def test_without_shots_all_examples_are_shown_in_their_order() -> None:
    context = FakeContext()
    await generate.run(Inputs(examples=examples(4)), Params(), context)
    assert context.asked[0].examples == examples(4)


async def test_more_shots_than_examples_shows_them_all() -> None:
    context = FakeContext()
    await generate.run(Inputs(examples=examples(2)), Params(shots=5), context)
    assert context.asked[0].examples == examples(2)


async def test_duplicates_are_kept_once_and_counted() -> None:
    context = FakeContext(reply=lambda slots, sample: ["same"])
    found = await generate.run(Inputs(), Params(n=5), context)
    assert (texts(found.prompts), context.counts["duplicates"]) == (["same"], 4)


async def test_unreadable_replies_give_an_empty_set() -> None:
    found = await generate.run(Inputs(), Params(n=3), FakeContext())
    assert texts(found.prompts) == []


async def test_no_draws_ask_nothing() -> None:
    context = FakeContext()
    await generate.run(Inputs(), Params(draws=0), context)
    assert context.asked == []


async def test_what_was_shown_is_the_parent() -> None:
    context = FakeContext(reply=lambda slots, sample: ["new"])
    start = Prompt(text="old")
    found = await generate.run(Inputs(prompt=start, prompts=prompts("a")), Params(), context)
    assert found.prompts.items[0].parents == (start.id, prompts("a").items[0].id)


async def test_a_reply_can_become_a_companion_of_the_prompt() -> None:
    context = FakeContext(reply=lambda slots, sample: ["Be brief."])
    prompt = Prompt(text="Sort it.", companions=Companions({"persona": "clerk"}))
    (made,) = (await generate.run(Inputs(prompt=prompt), Params(into="mutation"), context)).prompts.items
    assert (made.text, made.companions) == ("Sort it.", {"persona": "clerk", "mutation": "Be brief."})
    assert made.parents == (prompt.id,)


async def test_a_companion_without_a_prompt_is_refused() -> None:
    with pytest.raises(NodeError, match="`into` needs `prompt` or `prompts`"):
        await generate.run(Inputs(), Params(into="mutation"), FakeContext())


async def test_a_companion_of_no_prompts_asks_nothing() -> None:
    context = FakeContext()
    assert (await generate.run(Inputs(prompts=prompts()), Params(into="mutation"), context)).prompts == prompts()
    assert context.asked == []


@pytest.mark.parametrize("name", ["Mutation", "a-b", "items", ""])
def test_a_companion_needs_a_name_that_templates_can_read(name: str) -> None:
    with pytest.raises(ValidationError):
        Params(into=name)


async def test_equal_replies_can_stay_different_members() -> None:
    context = FakeContext(reply=lambda slots, sample: ["same"])
    found = await generate.run(Inputs(), Params(n=3, equal="keep"), context)
    assert (texts(found.prompts), context.counts["duplicates"]) == (["same"] * 3, 0)


async def test_notes_have_a_maker_but_no_parents() -> None:
    context = FakeContext(reply=lambda slots, sample: ["a note"], round="2")
    found = await generate.run(Inputs(prompts=prompts("a")), Params(notes=True), context)
    assert [(one.text, one.made_by, one.round, one.parents) for one in found.prompts.items] == [("a note", "here", "2", ())]
