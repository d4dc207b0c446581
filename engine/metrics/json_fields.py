"""Compare the fields of JSON answers by rules: a metric for each, numbers that may be off, lists in any order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Final

from pydantic import model_validator

from promptwire.errors import UsageError, suggest
from promptwire.metrics import json_answers
from promptwire.metrics.json_schema import UNCOMPARED, with_schema
from promptwire.metrics.metric import find_metric
from promptwire.metrics.metric_type import Metric
from promptwire.metrics.tolerance import Tolerance, with_tolerance
from promptwire.security.untrusted_json import read_json
from promptwire.values import Example, Model

__all__ = ["FieldRule", "adapted"]

_JSON: Final = ("json", "json-fields")
_IGNORED: Final = "ignore"
_ABSENT: Final = object()
_MOST: Final = 1000
"""Longest list whose members are matched one by one."""


class FieldRule(Model):
    """How one field of a JSON answer is compared."""

    called: ClassVar[str] = "a field"

    metric: str = "json"
    """Its metric: `json` (equal), `json-fields` (the share of its fields), one for text such as `exact`, or `ignore`."""
    tolerance: Tolerance | None = None
    """How far a number in it may be off: an amount such as 0.01, or a share such as `1%`."""
    ordered: bool = True
    """Whether the order of a list matters."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"metric": given} if isinstance(given, str) else given


def adapted(
    metric: Metric, schema: dict[str, Any] | None, *, fields: Mapping[str, FieldRule], tolerance: float | str | None
) -> Metric:
    """`metric` with what a task says about JSON and numbers. Raises UsageError for a rule that it can't follow."""
    if metric.name == "numeric" and tolerance is not None:
        return with_tolerance(metric, tolerance)
    if metric.name in UNCOMPARED:
        return with_schema(metric, schema)
    if metric.name not in _JSON:
        return metric
    if not fields and tolerance is None:
        return with_schema(metric, schema)
    rules = _Rules(fields, tolerance)
    rules.require()
    found = with_schema(metric, schema, rules.agreement)
    return replace(found, accepts=lambda examples, labels: found.accepts(examples, labels) or rules.unfit(examples, labels))


@dataclass(frozen=True)
class _Rules:
    """The rules of a task."""

    fields: Mapping[str, FieldRule]
    tolerance: float | str | None

    @cached_property
    def _paths(self) -> dict[str, tuple[str, ...]]:
        return {path: tuple(path.split(".")) for path in self.fields}

    def require(self) -> None:
        """Raise UsageError for a metric that compares no texts."""
        for path, rule in self.fields.items():
            found = None if rule.metric in (*_JSON, _IGNORED) else find_metric(rule.metric)
            if found is not None and (found.needs != "text" or found.truth is not None or not found.valued):
                hint = "write one for text, such as exact, contains, set, f1 or numeric; or json, json-fields, ignore"
                raise UsageError(f"fields: {path}: the metric {rule.metric!r} can't score a field", hint=hint)
            if rule.tolerance is not None and rule.metric not in (*_JSON, "numeric"):
                raise UsageError(f"fields: {path}: the metric {rule.metric!r} takes no tolerance", hint="numeric and json do")

    def agreement(self, said: Any, wanted: Any) -> tuple[float, str]:
        """The mean value of all fields: those with a rule by it, the others by equality."""
        leaves = json_answers.agreement(self._rest(said), self._rest(wanted), self.tolerance)
        values: list[float] = [leaves.right]
        wrong: list[str] = []
        total = leaves.total
        for path, rule in self.fields.items():
            mine, right = _at(said, self._paths[path]), _at(wanted, self._paths[path])
            if rule.metric == _IGNORED or (mine is _ABSENT and right is _ABSENT):
                continue
            value = 0.0 if mine is _ABSENT or right is _ABSENT else self._value(rule, mine, right)
            values.append(value)
            total += 1
            if value < 1.0:
                wrong.append(path)
        words = [*([f"by its rule: {', '.join(wrong)}"] if wrong else []), *([leaves.words] if leaves.words else [])]
        return (sum(values) / total if total else 1.0), "; ".join(words)

    def _value(self, rule: FieldRule, said: Any, wanted: Any) -> float:
        tolerance = self.tolerance if rule.tolerance is None else rule.tolerance
        if rule.metric in _JSON:
            if not rule.ordered and isinstance(said, list) and isinstance(wanted, list):
                return _matched(said, wanted, lambda one, other: _share(one, other, tolerance), whole=rule.metric == "json")
            share = _share(said, wanted, tolerance)
            return share if rule.metric == "json-fields" else float(share == 1.0)
        if _empty(wanted):
            return float(_empty(said))
        return self._metric(rule).measure(_text(said), Example(input="", outputs=(_text(wanted),))).value

    def _metric(self, rule: FieldRule) -> Metric:
        found = find_metric(rule.metric)
        tolerance = self.tolerance if rule.tolerance is None else rule.tolerance
        return with_tolerance(found, tolerance) if found.name == "numeric" and tolerance is not None else found

    def _rest(self, value: Any) -> dict[tuple[str | int, ...], Any]:
        """The fields without a rule."""
        paths = tuple(self._paths.values())
        leaves = json_answers.leaves(value)
        return {path: one for path, one in leaves.items() if not any(_inside(path, named) for named in paths)}

    def unfit(self, examples: Sequence[Example], labels: Sequence[str]) -> str:
        """Why the accepted outputs can't be scored by the rules; empty if they can."""
        values = [read_json(output) for example in examples for output in example.outputs]
        for path, rule in self.fields.items():
            found = [one for value in values if (one := _at(value, self._paths[path])) is not _ABSENT]
            if not found:
                known = dict.fromkeys(".".join(map(str, leaf)) for value in values for leaf in json_answers.leaves(value))
                return f"`fields` names {path!r}, which no accepted output has; {suggest(path, known, noun='fields')}"
            if rule.metric not in (*_JSON, _IGNORED):
                fields = [Example(input="", outputs=(_text(one),)) for one in found if not _empty(one)]
                if problem := find_metric(rule.metric).accepts(fields, labels):
                    return f"the field {path!r}: {problem}"
        return ""


def _share(said: Any, wanted: Any, tolerance: float | str | None) -> float:
    found = json_answers.agreement(json_answers.leaves(said), json_answers.leaves(wanted), tolerance)
    return found.right / found.total if found.total else 1.0


def _matched(said: list[Any], wanted: list[Any], share: Callable[[Any, Any], float], *, whole: bool) -> float:
    """The share of members that both lists have, in any order; with `whole`, 1 when these are all and else 0."""
    left = list(said[:_MOST])
    right = 0
    for one in wanted[:_MOST]:
        place = next((place for place, other in enumerate(left) if share(other, one) == 1.0), None)
        if place is not None:
            del left[place]
            right += 1
    total = max(len(said), len(wanted))
    found = right / total if total else 1.0
    return float(found == 1.0) if whole else found


def _at(value: Any, path: Sequence[str]) -> Any:
    """The part of `value` at `path`, or _ABSENT."""
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return _ABSENT
    return value


def _inside(path: Sequence[str | int], named: Sequence[str]) -> bool:
    return tuple(map(str, path[: len(named)])) == tuple(named)


def _empty(value: Any) -> bool:
    """Whether a field holds nothing that a metric for text could read."""
    return value is None or not _text(value).strip()


def _text(value: Any) -> str:
    """A field as text; the members of a list one after the other."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(_parts(value))
    return json.dumps(value, ensure_ascii=False)


def _parts(values: list[Any]) -> Iterator[str]:
    return map(_text, values)
