"""Port types: compatibility, widening, unions, and JSON in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from promptwire.errors import NodeError
from promptwire.graph.port_types import TYPES, element_type, fits, is_optional, is_set, joined_type, name_of, type_of
from promptwire.graph.port_values import elements, empty, join_values, to_json, union, widen
from promptwire.values import (
    Critique,
    Critiques,
    Entry,
    Example,
    Examples,
    Failure,
    FailureGroup,
    Failures,
    Families,
    History,
    Prompt,
    Prompts,
    Row,
    Scores,
)

A, B = Prompt(text="a"), Prompt(text="b")
ONE, TWO = Example(input="1", outputs=("x",)), Example(input="2", outputs=("y",))
CASE = Failure(example=ONE, output="o", answer="o", value=0.0)
GROUP = FailureGroup(prompt=A, cases=(CASE, CASE))
SCORES = Scores(prompts=Prompts.of([A]), examples=Examples.of([ONE]), rows=(Row(A.id, ONE.id, "o", "o", 0.5),))
VALUES: dict[str, Any] = {
    "Prompt": A,
    "Prompts": Prompts.of([A, B]),
    "Example": ONE,
    "Examples": Examples.of([ONE, TWO]),
    "Scores": SCORES,
    "Failures": Failures(groups=(GROUP,)),
    "Critiques": Critiques(items=(Critique(text="c", prompt=A),)),
    "Families": Families(items=((A, B), (A, A))),
    "History": History(entries=(Entry(prompt=A, score=0.5, n=1),), rounds=1),
    "Bool": True,
    "Int": 3,
    "Float": 0.5,
    "Text": "t",
    "List": [1, "a", [2.5]],
}


def test_only_four_types_widen() -> None:
    wider = {(name_of(given), name_of(wanted)) for given, wanted in product(TYPES.values(), repeat=2) if fits(given, wanted)}
    same = {(name, name) for name in TYPES}
    assert wider - same == {("Prompt", "Prompts"), ("Example", "Examples"), ("Failures", "Examples"), ("Int", "Float")}


@pytest.mark.parametrize(("given", "wanted"), list(product(TYPES, repeat=2)))
def test_a_value_widens_exactly_where_its_type_fits(given: str, wanted: str) -> None:
    if fits(TYPES[given], TYPES[wanted]):
        assert isinstance(widen(VALUES[given], TYPES[wanted]), TYPES[wanted])
    else:
        with pytest.raises(NodeError, match="is expected"):
            widen(VALUES[given], TYPES[wanted])


def test_an_unset_value_stays_unset() -> None:
    assert widen(None, Prompts | None) is None


@pytest.mark.parametrize(
    ("annotation", "name"),
    [(Prompts | None, "Prompts"), (tuple[str, ...], "List"), (list[int] | None, "List"), (Sequence[int], "List"), (int, "Int")],
)
def test_annotations_have_port_type_names(annotation: Any, name: str) -> None:
    assert name_of(annotation) == name
    assert TYPES[name] is type_of(annotation)


def test_an_annotation_that_is_not_a_port_type_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="is not a port type; port types: Prompt, Prompts"):
        type_of(dict[str, int])
    assert is_optional(int | None)
    assert not is_optional(int)


def test_a_union_keeps_the_written_order_and_the_first_of_equals() -> None:
    assert union([B, Prompts.of([A, B])], Prompts).items == (B, A)
    assert union([VALUES["Failures"], Examples.of([TWO])], Examples | None).items == (ONE, TWO)
    assert union([SCORES, SCORES], Scores).rows == SCORES.rows
    assert len(union([VALUES["Failures"]] * 2, Failures)) == len(union([VALUES["Critiques"]] * 2, Critiques)) == 2
    assert len(union([VALUES["Families"]] * 2, None)) == 4
    assert union([[1], 2, (3,)], list) == [1, 2, 3]
    assert union([None, A], Prompts).items == (A,)
    assert union([None], Prompts) == Prompts()


def test_a_union_without_a_wanted_type_has_the_type_of_its_values() -> None:
    assert union([A, Prompts.of([B])], None).items == (A, B)
    assert union([1, 2], None) == [1, 2]


def test_single_values_have_no_union() -> None:
    assert union([3], int) == 3
    with pytest.raises(NodeError, match="several values of type Int have no union"):
        union([3, 4], int)
    assert [name for name, kind in TYPES.items() if is_set(kind)] == [
        "Prompts", "Examples", "Scores", "Failures", "Critiques", "Families", "List",
    ]  # fmt: skip


def test_joined_elements_equal_the_set() -> None:
    for name in ("Prompts", "Examples", "Failures", "Critiques", "Families"):
        kind = element_type(TYPES[name])
        assert kind is not None
        parts = elements(VALUES[name])
        assert all(isinstance(one, kind) for one in parts)
        assert joined_type(kind) is TYPES[name]
        assert join_values(parts, kind) == VALUES[name]
    assert elements([1, 2]) == (1, 2)
    assert element_type(Scores) is None


def test_outputs_of_no_element_join_to_an_empty_value() -> None:
    assert join_values([], Prompt) == Prompts()
    assert join_values([], int) == []


def test_joined_histories_hold_every_prompt_once() -> None:
    both = join_values([VALUES["History"], History(entries=(Entry(prompt=B, score=1, n=1),))], History)
    assert [entry.prompt for entry in both.entries] == [A, B]


def test_every_type_has_an_empty_value_except_prompt_and_example() -> None:
    assert (empty(Prompts), empty(History), empty(int), empty(list)) == (Prompts(), History(), 0, [])
    with pytest.raises(TypeError, match="Prompt has no empty value"):
        empty(Prompt)


@pytest.mark.parametrize("name", list(TYPES))
def test_every_value_survives_json(name: str) -> None:
    assert TypeAdapter(TYPES[name]).validate_python(to_json(VALUES[name])) == VALUES[name]


@given(st.lists(st.sampled_from(["a", "b", "c"])))
def test_a_union_of_single_prompts_is_the_set_of_them(texts: list[str]) -> None:
    prompts = [Prompt(text=text) for text in texts]
    assert union(prompts, Prompts) == Prompts.of(prompts)
