"""Members of sets of all types: they come out as they went in."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.values import (
    Critique,
    Critiques,
    Entry,
    Example,
    Examples,
    FailureGroup,
    Failures,
    Families,
    History,
    Prompt,
    Prompts,
    Row,
    Scores,
)
from promptwire.values.members import MEMBER_SETS, chosen, key_of, length_of, marked, members_of, prompt_of

A, B = Prompt(text="a"), Prompt(text="b", parents=("x",))
FIRST, LAST = Example(input="i", outputs=("o",)), Example(input="j", outputs=("o",))
SETS: list[Any] = [
    Prompts(items=(A, B)),
    Examples(items=(FIRST, LAST)),
    Critiques(items=(Critique(text="c", prompt=A), Critique(text="d", prompt=A))),
    Failures(groups=(FailureGroup(prompt=A, cases=()), FailureGroup(prompt=B, cases=()))),
    Families(items=((A, B), (B, A))),
    Scores(
        metric="m", prompts=Prompts(items=(A, B)), rows=(Row(A.id, FIRST.id, "", "", 1.0), Row(B.id, FIRST.id, "", "", 0.0))
    ),
    History(entries=(Entry(prompt=A, score=1, n=1), Entry(prompt=B, score=0, n=1)), rounds=3),
    ["x", 2],
]


@pytest.mark.parametrize("of", SETS, ids=lambda of: type(of).__name__)
def test_all_members_make_the_same_set_and_one_makes_a_smaller_one(of: Any) -> None:
    first, second = members_of(of)
    assert chosen(of, (first, second)) == of
    only = chosen(of, (second,))
    assert (type(only), members_of(only)) == (type(of), (second,))
    assert members_of(chosen(of, ())) == ()
    assert key_of(first) != key_of(second)


def test_every_type_of_set_is_tried_here() -> None:
    assert {type(of) for of in SETS} == set(MEMBER_SETS)


def test_members_of_scores_keep_their_rows() -> None:
    assert [row.prompt for row in chosen(SETS[5], (B,)).rows] == [B.id]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (A, Prompt(text="a", parents=("y",), marks={"visits": 1})),
        (FIRST, marked(FIRST, {"seen": 2})),
        (Critique(text="c", prompt=A), Critique(text="c", prompt=marked(A, {"n": 1}), marks={"priority": 0.5})),
        ((A, B), (A, marked(B, {"n": 1}))),
    ],
)
def test_lineage_and_marks_do_not_make_another_member(one: Any, other: Any) -> None:
    assert key_of(one) == key_of(other)


def test_marks_are_added_and_replaced_and_all_else_stays() -> None:
    once = marked(B, {"visits": 1, "wins": 1})
    twice = marked(once, {"visits": 2})
    assert (dict(twice.marks), twice.parents, twice.id) == ({"visits": 2, "wins": 1}, ("x",), B.id)
    assert dict(B.marks) == {}


def test_a_name_that_can_not_be_a_mark_is_refused() -> None:
    with pytest.raises(ValueError, match="'keys' can't be a name"):
        marked(A, {"keys": 1})


@pytest.mark.parametrize(
    ("member", "prompt", "length"),
    [
        (A, A, 1),
        (FIRST, None, 1),
        (Critique(text="why", prompt=A), A, 3),
        (Entry(prompt=A, score=1, n=1), A, 1),
        (FailureGroup(prompt=B, cases=()), B, 0),
        ((A, B), None, 2),
        ("text", None, 4),
    ],
)
def test_a_member_has_a_length_and_may_have_a_prompt(member: Any, prompt: Prompt | None, length: int) -> None:
    assert (prompt_of(member), length_of(member)) == (prompt, length)
