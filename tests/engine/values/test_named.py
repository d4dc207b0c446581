"""Companions and marks: identity, JSON form, names."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from promptwire.values import Critique, Example, Marks, Prompt, Prompts

PLAIN = Prompt(text="a")
FULL = Prompt(text="a", companions={"mutation": "shorter"}, marks={"visits": 2})


@pytest.mark.parametrize("value", [PLAIN, Example(input="i", outputs=("o",)), Critique(text="c", prompt=PLAIN)])
def test_without_companions_and_marks_the_json_form_is_the_earlier_one(value: Any) -> None:
    assert not {"companions", "marks"} & value.model_dump(mode="json").keys()
    assert "marks" not in value.model_dump_json()


def test_companions_and_marks_come_back_from_json() -> None:
    sets = Prompts(items=(PLAIN, FULL))
    found = Prompts.model_validate_json(sets.model_dump_json())
    assert found == sets
    assert found.items[1].marks["never set"] == 0


def test_companions_are_identity_and_marks_are_not() -> None:
    other = Prompt(text="a", companions={"mutation": "longer"})
    assert len({PLAIN.id, FULL.id, other.id}) == 3
    assert Prompt(text="a", companions={"mutation": "shorter"}).id == FULL.id
    assert PLAIN.id == "b8600b1c7951"  # the id that earlier versions gave
    assert len({hash(PLAIN), hash(FULL)}) == 2


@pytest.mark.parametrize("name", ["items", "get", "Visits", "", "a-b", "1st"])
def test_a_name_that_a_template_could_not_read_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        Prompt(text="a", marks={name: 1})
    with pytest.raises(ValidationError, match="name"):
        Prompt(text="a", companions={name: "t"})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_mark_is_a_finite_number(value: float) -> None:
    with pytest.raises(ValidationError, match="no finite number"):
        Prompt(text="a", marks={"visits": value})


def test_a_mark_that_is_not_set_reads_as_zero_and_is_not_added() -> None:
    marks = Marks({"visits": 2})
    assert (marks["visits"], marks["wins"], dict(marks)) == (2, 0, {"visits": 2})
