"""edit rewrites along critiques, within or outside of their conversation."""

from __future__ import annotations

import pytest

from promptwire.errors import NodeError
from promptwire.nodes.edit import Inputs, Params, edit
from promptwire.values import Critique, Critiques, Message, Prompt
from tests.nodes.fake import FakeContext, examples, texts

SPOKEN = (Message(role="user", content="examine"), Message(role="assistant", content="done"))


def critiques(*said: str, spoken: tuple[Message, ...] = SPOKEN) -> Critiques:
    items = tuple(Critique(text=text, prompt=Prompt(text="p"), conversation=spoken) for text in said)
    return Critiques(items=items)


async def test_each_critique_is_one_request_for_n_prompts() -> None:
    context = FakeContext(reply=lambda slots, sample: [f"{slots.critique.text}{number}" for number in range(3)])
    found = await edit.run(Inputs(critiques=critiques("a", "b")), Params(n=2), context)
    assert texts(found.prompts) == ["a1", "a2", "b1", "b2"]
    assert (len(context.asked), context.counts["surplus"]) == (2, 2)
    assert found.prompts.items[0].parents == (Prompt(text="p").id,)


async def test_converse_continues_the_conversation_and_otherwise_it_starts_anew() -> None:
    context = FakeContext()
    await edit.run(Inputs(critiques=critiques("a")), Params(converse=True), context)
    await edit.run(Inputs(critiques=critiques("a")), Params(), context)
    assert context.conversations == [SPOKEN, ()]


async def test_converse_without_a_conversation_is_refused() -> None:
    with pytest.raises(NodeError, match="no conversation"):
        await edit.run(Inputs(critiques=critiques("a", spoken=())), Params(converse=True), FakeContext())


async def test_limits_reach_the_template() -> None:
    context = FakeContext()
    await edit.run(Inputs(critiques=critiques("a")), Params(step_size=10, max_words=50), context)
    assert (context.asked[0].step_size, context.asked[0].max_words, len(context.asked[0].history)) == (10, 50, 0)


async def test_equal_critiques_are_asked_as_samples_of_their_own() -> None:
    context = FakeContext(reply=lambda slots, sample: [f"text {sample}"])
    found = await edit.run(Inputs(critiques=critiques("a", "a")), Params(), context)
    assert texts(found.prompts) == ["text 0", "text 1"]


async def test_demonstrations_of_the_parent_stay() -> None:
    parent = Prompt(text="p", demos=examples(1).items)
    context = FakeContext(reply=lambda slots, sample: ["q"])
    found = await edit.run(Inputs(critiques=Critiques(items=(Critique(text="a", prompt=parent),))), Params(), context)
    assert found.prompts.items[0].demos == parent.demos


async def test_no_critiques_ask_nothing_and_duplicates_are_counted() -> None:
    context = FakeContext(reply=lambda slots, sample: ["same"])
    assert texts((await edit.run(Inputs(critiques=Critiques()), Params(), context)).prompts) == []
    assert context.asked == []
    await edit.run(Inputs(critiques=critiques("a", "b")), Params(), context)
    assert context.counts["duplicates"] == 1


async def test_a_reply_can_become_a_companion_of_the_prompt() -> None:
    prompt = Prompt(text="Sort it.")
    critiques = Critiques(items=(Critique(text="too long", prompt=prompt),))
    context = FakeContext(reply=lambda slots, sample: ["clerk"])
    (made,) = (await edit.run(Inputs(critiques=critiques), Params(into="persona"), context)).prompts.items
    assert (made.text, made.companions, made.parents) == ("Sort it.", {"persona": "clerk"}, (prompt.id,))
