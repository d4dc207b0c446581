"""Prompts and their sets: identity, lineage and order."""

from __future__ import annotations

from promptwire.values import Example, Prompt, Prompts


def test_text_and_demonstrations_make_the_identity_and_lineage_does_not() -> None:
    demo = Example(input="i", outputs=("o",))
    assert Prompt(text="a", parents=("p",), made_by="n", round="2").id == Prompt(text="a").id
    assert len({Prompt(text="a").id, Prompt(text="b").id, Prompt(text="a", demos=(demo,)).id}) == 3


def test_a_set_keeps_the_order_and_the_first_of_equal_prompts() -> None:
    found = Prompts.of([Prompt(text="b", made_by="first"), Prompt(text="a"), Prompt(text="b", made_by="second")])
    assert [(prompt.text, prompt.made_by) for prompt in found.items] == [("b", "first"), ("a", "")]
