"""compose takes the texts of a template as prompts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.errors import NodeError
from promptwire.nodes.compose import Inputs, Outputs, Params, compose
from promptwire.values import Companions, Prompt, Prompts
from tests.nodes.fake import FakeContext, prompts, texts


async def composed(given: Prompts | None = None, *, companions: dict[str, str] | None = None, **params: Any) -> Outputs:
    """What a template gives that names the prompt and the number of the rendering."""

    def reply(slots: Any, sample: int) -> list[str]:
        shown = slots.prompt.text if slots.prompt else "+".join(texts(slots.prompts))
        return [f"{shown} {slots.place} {slots.number}/{slots.n}"]

    context = FakeContext(reply=reply)
    context.named = companions or {}
    found = await compose.run(Inputs(prompts=given), Params(**params), context)
    assert isinstance(found, Outputs)
    return found


async def test_each_prompt_is_rendered_and_is_the_parent() -> None:
    given = prompts("a", "b")
    found = (await composed(given, n=2)).prompts
    assert texts(found) == ["a 1 1/2", "a 1 2/2", "b 2 1/2", "b 2 2/2"]
    assert [prompt.parents for prompt in found.items] == [(one.id,) for one in given.items for _ in range(2)]
    assert {prompt.made_by for prompt in found.items} == {"here"}


async def test_all_prompts_are_rendered_together_and_are_the_parents() -> None:
    given = prompts("a", "b")
    found = await composed(given, together=True)
    assert (texts(found.prompts), found.text) == (["a+b 0 1/1"], "a+b 0 1/1")
    assert found.prompts.items[0].parents == tuple(one.id for one in given.items)


async def test_without_prompts_the_template_is_rendered_alone() -> None:
    found = await composed(n=2)
    assert (texts(found.prompts), found.text) == ([" 0 1/2", " 0 2/2"], " 0 1/2\n 0 2/2")
    assert found.prompts.items[0].parents == ()


async def test_no_prompts_at_hand_give_nothing() -> None:
    """An empty set is not the same as no wire: there is nothing to render."""
    assert (await composed(prompts())).prompts == Prompts()


async def test_together_without_prompts_is_refused() -> None:
    with pytest.raises(NodeError, match="`together` needs `prompts`"):
        await composed(together=True)


async def test_named_texts_become_companions_beside_those_of_the_parent() -> None:
    parent = Prompt(text="a", companions=Companions({"persona": "clerk", "mutation": "old"}))
    (child,) = (await composed(Prompts(items=(parent,)), companions={"mutation": "new", "unit": "1"})).prompts.items
    assert child.companions == {"persona": "clerk", "mutation": "new", "unit": "1"}


async def test_an_empty_companion_is_removed() -> None:
    parent = Prompt(text="a", companions=Companions({"persona": "clerk", "style": "old"}))
    (child,) = (await composed(Prompts(items=(parent,)), companions={"style": ""})).prompts.items
    assert child.companions == {"persona": "clerk"}


async def test_companions_alone_leave_the_text_as_it_is() -> None:
    class Alone(FakeContext):
        def render_named(self, slots: Any) -> dict[str, tuple[str, ...]]:
            return {"unit": (str(slots.place),)}

    found = await compose.run(Inputs(prompts=prompts("a", "b")), Params(), Alone())
    assert [(prompt.text, dict(prompt.companions)) for prompt in found.prompts.items] == [
        ("a", {"unit": "1"}),
        ("b", {"unit": "2"}),
    ]
    assert (await compose.run(Inputs(), Params(), Alone())).prompts == Prompts()


@pytest.mark.parametrize(("equal", "expected"), [("merge", [{}]), ("keep", [{}, {"member": "2"}, {"member": "3"}])])
async def test_equal_texts_are_one_member_or_several(equal: str, expected: list[dict[str, str]]) -> None:
    context = FakeContext(reply=lambda slots, sample: ["same"])
    found = await compose.run(Inputs(), Params(n=3, equal=equal), context)  # type: ignore[arg-type]
    assert [dict(prompt.companions) for prompt in found.prompts.items] == expected
    assert texts(found.prompts) == ["same"] * len(expected)
    assert context.counts["duplicates"] == 3 - len(expected)


@given(st.lists(st.sampled_from("abc"), max_size=8))
def test_members_that_are_kept_are_as_many_as_were_made(words: list[str]) -> None:
    made = [Prompt(text=word) for word in words]
    kept = Prompts.of(made, equal="keep")
    assert texts(kept) == words
    assert len({prompt.id for prompt in kept.items}) == len(words)
    assert Prompts.of(kept.items) == kept


async def test_notes_have_a_maker_but_no_parents() -> None:
    found = await composed(prompts("a", "b"), notes=True, companions={"persona": "clerk"})
    assert found.text == "a 1 1/1\nb 2 1/1"
    assert [(one.text, one.made_by, one.parents, dict(one.companions)) for one in found.prompts.items] == [
        ("a 1 1/1", "here", (), {}),
        ("b 2 1/1", "here", (), {}),
    ]
