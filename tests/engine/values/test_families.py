"""Families keep their order and repeated prompts."""

from __future__ import annotations

from promptwire.values import Families, Prompt


def test_a_prompt_may_be_in_many_families_and_twice_in_one() -> None:
    one, other = Prompt(text="a"), Prompt(text="b")
    families = Families(items=((one, other), (one, one), (one, other)))
    assert len(families) == 3
    assert Families.model_validate_json(families.model_dump_json()) == families
