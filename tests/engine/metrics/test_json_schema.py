"""JSON Schema of answers: what it refuses scores 0, and a schema that can't be used is refused before a run."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.metrics.json_schema import schema_problem, with_schema
from promptwire.metrics.metric import find_metric
from promptwire.values import Example

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "pattern": "^[A-Z]"}, "age": {"type": "integer"}},
    "additionalProperties": False,
}
WANTED = Example(input="x", outputs=('{"name": "Ann", "age": 31}',))


@pytest.mark.parametrize(
    ("answer", "value", "feedback"),
    [
        ('{"age": 31, "name": "Ann"}', 1.0, ""),
        ('{"name": "Ann"}', 0.5, "missing: age"),
        ('{"name": "Ann", "age": "31"}', 0.0, "$.age: '31' is not of type 'integer'"),
        ('{"name": "ann", "age": 31}', 0.0, "$.name: 'ann' does not match '^[A-Z]'"),
        ('{"age": 31}', 0.0, "$: 'name' is a required property"),
    ],
)
def test_an_answer_that_the_schema_refuses_is_wrong_and_told_why(answer: str, value: float, feedback: str) -> None:
    found = with_schema(find_metric("json-fields"), SCHEMA).measure(answer, WANTED)
    assert (found.value, found.feedback, found.readable) == (value, feedback, True)


def test_without_a_schema_a_wrong_type_costs_its_field_only() -> None:
    assert find_metric("json-fields").measure('{"name": "Ann", "age": "31"}', WANTED).value == 0.5


def test_a_schema_changes_no_metric_that_does_not_compare_json() -> None:
    assert with_schema(find_metric("exact"), SCHEMA) is find_metric("exact")


def test_an_accepted_output_that_the_schema_refuses_is_refused_before_a_run() -> None:
    found = with_schema(find_metric("json"), SCHEMA)
    assert found.accepts([WANTED], ()) == ""
    assert "does not fit `json_schema`" in found.accepts([Example(input="x", outputs=('{"age": 1}',))], ())


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ([], "no JSON object"),
        ({"type": "objekt"}, r"$.type"),
        ({"properties": {"a": {"$ref": "http://127.0.0.1/x"}}}, "leads to another file"),
        ({"properties": {"a": {"$ref": "other.json"}}}, "leads to another file"),
        ({"patternProperties": {"a": {}}}, "not supported"),
        ({"pattern": "(a{1000}){1000}"}, "not a pattern within the limits"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(schema: Any, words: str) -> None:
    assert words in schema_problem(schema)


def test_references_within_the_schema_are_followed() -> None:
    schema = {"$defs": {"n": {"type": "integer"}}, "properties": {"age": {"$ref": "#/$defs/n"}}}
    assert schema_problem(schema) == ""
    assert (
        with_schema(find_metric("json"), schema).measure('{"age": "x"}', WANTED).feedback
        == "$.age: 'x' is not of type 'integer'"
    )


def test_a_schema_that_refers_to_itself_without_end_is_an_error_that_says_so() -> None:
    found = with_schema(find_metric("json"), {"$ref": "#"}).measure('{"name": "Ann"}', WANTED)
    assert (found.value, found.feedback) == (0.0, "the schema refers to itself without end")


@pytest.mark.parametrize(
    ("answer", "valid", "contains"),
    [
        ('{"name": "Ann"}', 1.0, 1.0),
        ('It is {"name": "Ann"}.', 0.0, 1.0),
        ('{"name": "ann"}', 0.0, 0.0),
        ("7", 0.0, 0.0),
        ("", 0.0, 0.0),
    ],
)
def test_metrics_that_compare_with_nothing_look_at_json_by_the_schema(answer: str, valid: float, contains: float) -> None:
    example = Example(input="x")
    assert with_schema(find_metric("valid-json"), SCHEMA).measure(answer, example).value == valid
    assert with_schema(find_metric("contains-json"), SCHEMA).measure(answer, example).value == contains
    assert find_metric("valid-json").measure("7", example).value == 1.0
