"""Prompts and their sets: identity, lineage and order."""

from __future__ import annotations

from promptwire.values import Companions, Example, Prompt, Prompts


def test_text_and_demonstrations_make_the_identity_and_lineage_does_not() -> None:
    demo = Example(input="i", outputs=("o",))
    assert Prompt(text="a", parents=("p",), made_by="n", round="2").id == Prompt(text="a").id
    assert len({Prompt(text="a").id, Prompt(text="b").id, Prompt(text="a", demos=(demo,)).id}) == 3


def test_a_set_keeps_the_order_and_the_first_of_equal_prompts() -> None:
    found = Prompts.of([Prompt(text="b", made_by="first"), Prompt(text="a"), Prompt(text="b", made_by="second")])
    assert [(prompt.text, prompt.made_by) for prompt in found.items] == [("b", "first"), ("a", "")]


def test_a_child_has_the_demonstrations_and_companions_of_its_first_parent_unless_others_are_given() -> None:
    demo = Example(input="1", outputs=("x",))
    first = Prompt(text="a", demos=(demo,), companions=Companions({"persona": "a clerk"}))
    second = Prompt(text="b", companions=Companions({"persona": "a judge"}))
    child = Prompt.child("c", first, second, made_by="edits", round="1")
    assert (child.demos, child.companions) == ((demo,), {"persona": "a clerk"})
    assert (child.parents, child.made_by, child.round) == ((first.id, second.id), "edits", "1")
    other = Prompt.child("c", first, made_by="edits", round="1", demos=(), companions={})
    assert other == Prompt(text="c", parents=(first.id,), made_by="edits", round="1")
    assert Prompt.child("c", made_by="edits", round="") == Prompt(text="c", made_by="edits")
