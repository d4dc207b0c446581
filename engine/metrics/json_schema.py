"""JSON Schema of answers, for the metrics that compare JSON: an answer that the schema refuses is wrong.

A schema may be untrusted: references to other files are not followed, and patterns have a time limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from typing import Any, Final

from promptwire.errors import ReplyError
from promptwire.metrics import json_answers
from promptwire.metrics.metric_type import Metric
from promptwire.security.safe_regex import compile_pattern, matches

__all__ = ["UNCOMPARED", "schema_problem", "with_schema"]

UNCOMPARED: Final = ("valid-json", "contains-json")
"""Metrics that look at JSON and compare it with nothing."""

_SHOWN: Final = 200
"""Most characters of what is wrong."""


def with_schema(metric: Metric, schema: dict[str, Any] | None, agree: json_answers.Agree | None = None) -> Metric:
    """`metric` with the schema, if it compares JSON; otherwise `metric` as it is. `agree` compares in place of equality."""
    if metric.name in UNCOMPARED and schema is not None:
        looks = json_answers.valid if metric.name == "valid-json" else json_answers.held
        return replace(metric, value=partial(looks, faults=partial(_faults, _validator(schema))))
    if (schema is None and agree is None) or metric.name not in ("json", "json-fields"):
        return metric
    compare = json_answers.equal if metric.name == "json" else json_answers.share
    given: dict[str, Any] = {} if agree is None else {"agree": agree}
    unfit = json_answers.unfit
    if schema is not None:
        given["faults"] = faults = partial(_faults, _validator(schema))
        unfit = partial(json_answers.unfit, faults=faults)
    return replace(metric, value=partial(compare, **given), accepts=unfit)


def schema_problem(schema: Any) -> str:
    """Why `schema` can't be used; empty if it can."""
    if not isinstance(schema, dict):
        return "it is no JSON object"
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415 - only tasks with a schema need it

    try:
        _validator(schema).check_schema(schema)
    except SchemaError as error:
        return f"{error.json_path}: {error.message}"[:_SHOWN]
    for part in _parts(schema):
        if "patternProperties" in part:
            return "patternProperties is not supported"
        if not str(part.get("$ref", "#")).startswith("#"):
            return f"the reference {part['$ref']!r} leads to another file"
        if isinstance(part.get("pattern"), str):
            try:
                compile_pattern(part["pattern"])
            except ValueError as error:
                return f"{part['pattern'][:60]!r} is {error}"
    return ""


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object in `schema`."""
    left = [schema]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            yield part
            left += part.values()
        elif isinstance(part, list):
            left += part


def _validator(schema: dict[str, Any]) -> Any:
    from jsonschema.validators import validator_for  # noqa: PLC0415 - only tasks with a schema need it
    from referencing import Registry  # noqa: PLC0415 - comes with jsonschema

    kind = _with_patterns(validator_for(schema, default=_latest()))
    return kind(schema, registry=Registry())


def _latest() -> Any:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - only tasks with a schema need it

    return Draft202012Validator


@cache
def _with_patterns(kind: Any) -> Any:
    """The validator `kind` with patterns that have a time limit."""
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415 - only tasks with a schema need it
    from jsonschema.validators import extend  # noqa: PLC0415 - only tasks with a schema need it

    def pattern(validator: Any, wanted: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, str) and not matches(wanted, instance):
            yield ValidationError(f"{instance!r} does not match {wanted!r}")

    return extend(kind, {"pattern": pattern})  # type: ignore[no-untyped-call]


def _faults(validator: Any, value: Any) -> str:
    """What is wrong with `value` by the schema; empty if nothing is."""
    from jsonschema.exceptions import best_match  # noqa: PLC0415 - only tasks with a schema need it

    try:
        error = best_match(validator.iter_errors(value))
    except ReplyError:
        raise
    except RecursionError:
        return "the schema refers to itself without end"
    return "" if error is None else f"{error.json_path}: {error.message}"[:_SHOWN]
