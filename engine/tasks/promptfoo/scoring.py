"""How the tests are scored: one metric for all of them, and the accepted outputs of each.

Tests with one assert of the same type keep their values as accepted outputs. Other asserts about the text become a pattern for
each test. A task has one metric, so tests that need different ones are refused, with their places.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from promptwire.errors import PipelineError, Problem
from promptwire.metrics.json_schema import schema_problem
from promptwire.security.safe_regex import compile_pattern
from promptwire.tasks.promptfoo.asserts import GRADED, JSON, JUDGED, TEXT, Assert, AssertSet
from promptwire.tasks.promptfoo.cases import TestCase
from promptwire.tasks.promptfoo.judging import judged
from promptwire.tasks.promptfoo.patterns import own_pattern, pattern_of
from promptwire.tasks.promptfoo.python_asserts import plugin_metric
from promptwire.tasks.promptfoo.scored import Scored
from promptwire.tasks.promptfoo.source import Folder, refuse

__all__ = ["score"]

_SIMPLE: Final = {
    "equals": "equals",
    "contains": "includes",
    "contains-any": "includes",
    "icontains": "includes-any-case",
    "icontains-any": "includes-any-case",
    "regex": "regex",
}
"""Asserts whose values are accepted outputs, by the metric that compares them alike."""
_SAID: Final = 5
_REFERENCE: Final = ("factuality", "model-graded-factuality", "similar")


def score(tests: Sequence[tuple[TestCase, AssertSet]], folder: Folder, note: Callable[[str], None]) -> Scored:
    """The scoring of `tests`, each of which has an assert."""
    groups: dict[str, list[tuple[TestCase, Assert]]] = {}
    for case, asserts in tests:
        for one in asserts.flat():
            groups.setdefault(_group(one), []).append((case, one))
    if len(groups) > 1:
        raise _mixed(groups)
    (group,) = groups
    if group != "text":
        _refuse_parts(tests)
    sets = [asserts for _, asserts in tests]
    if group == "text":
        return _texts(sets, note)
    if group == "json":
        return _json(sets, note)
    if group == "python":
        return plugin_metric(tests, folder, note)
    if group == "graded":
        return _nearest(sets, note)
    return judged(sets, note, against=group == "judge with a reference")


def _group(one: Assert) -> str:
    if one.kind == "equals" and isinstance(one.value, dict | list):
        return "json"
    if one.kind in TEXT:
        return "text"
    if one.kind in JSON:
        return "json"
    if one.kind in GRADED:
        return "graded"
    if one.kind in JUDGED:
        return "judge with a reference" if one.kind in _REFERENCE else "judge"
    return one.kind


def _mixed(groups: Mapping[str, Sequence[tuple[TestCase, Assert]]]) -> PipelineError:
    """The error of tests that would need several metrics."""
    problems = []
    for found in groups.values():
        tests = list(dict.fromkeys(f"{case.where.file}:{case.where.line}" for case, _ in found))
        kinds = ", ".join(dict.fromkeys(one.name for _, one in found))
        lines = ", ".join(tests[:_SAID]) + (", ..." if len(tests) > _SAID else "")
        problems.append(f"{kinds} ({len(tests)} {'test' if len(tests) == 1 else 'tests'}: {lines})")
    where = next(iter(groups.values()))[0][1].where
    hint = "keep the asserts of one kind, or make a config for each kind"
    message = f"a task has one metric, and these asserts need {len(groups)}: {'; '.join(problems)}"
    return PipelineError([Problem("promptfoo", where, message, hint)])


def _refuse_parts(tests: Sequence[tuple[TestCase, AssertSet]]) -> None:
    """Refuse what only patterns can express: `not-`, and thresholds of tests with several asserts."""
    for _, asserts in tests:
        for one in asserts.flat():
            if one.negated and one.kind != "python":
                refuse(
                    one.where, f"the assert {one.name!r} has no counterpart in promptwire", f"write {one.kind!r}, turned round"
                )
        if any(isinstance(one, AssertSet) for one in asserts.items) or (
            asserts.threshold is not None and len(asserts.items) > 1
        ):
            where = asserts.flat()[0].where
            refuse(where, "a threshold over several asserts of this kind has no counterpart", "leave all but one out")


def _texts(sets: Sequence[AssertSet], note: Callable[[str], None]) -> Scored:
    singles = [found.items[0] if _is_single(found) else None for found in sets]
    metrics = {_SIMPLE.get(one.kind, "") if isinstance(one, Assert) and not _is_blank(one) else "" for one in singles}
    if len(metrics) == 1 and metrics != {""}:
        (metric,) = metrics
        return Scored(metric, tuple(_values(one, metric) for one in singles if isinstance(one, Assert)))
    note(
        "the tests have several asserts about the text, or different ones: each test's are one pattern, and the metric is "
        "`regex`; steps that show accepted outputs to a model show the pattern"
    )
    return Scored("regex", tuple((pattern_of(found),) for found in sets))


def _is_single(found: AssertSet) -> bool:
    one = found.items[0]
    decides = found.threshold is None or 0 < found.threshold <= 1
    return len(found.items) == 1 and isinstance(one, Assert) and not one.negated and decides


def _is_blank(one: Assert) -> bool:
    """Whether a value is blank, which no accepted output may be."""
    return any(not text.strip() for text in (one.value if isinstance(one.value, list) else [str(one.value)]))


def _values(one: Assert, metric: str) -> tuple[str, ...]:
    values = one.value if isinstance(one.value, list) else [str(one.value)]
    if metric != "regex":
        return tuple(dict.fromkeys(values))
    pattern = own_pattern(values[0])
    try:
        compile_pattern(pattern)
    except ValueError as error:
        refuse(one.where, f"the pattern of 'regex' is {error}", "patterns are those of Python's re")
    return (pattern,)


def _json(sets: Sequence[AssertSet], note: Callable[[str], None]) -> Scored:
    wanted = [[one for one in found.flat() if one.kind == "equals"] for found in sets]
    schemas = [one for found in sets for one in found.flat() if one.kind in JSON]
    lacking = [found for found, equal in zip(sets, wanted, strict=True) if len(equal) != 1]
    given = [one.value for one in schemas if one.value is not None]
    for one in schemas:
        if one.value != schemas[0].value:
            hint = "use one schema for all tests, under defaultTest"
            refuse(one.where, "the tests have different JSON Schemas, and a task has one", hint)
        if isinstance(one.value, str):
            refuse(one.where, "a JSON Schema is an object", "write it as YAML under `value:`, or name a .json file")
    if given and (problem := schema_problem(given[0])):
        refuse(schemas[0].where, f"this JSON Schema can't be used: {problem}")
    keys = {"json_schema": given[0]} if given else {}
    if lacking and len(lacking) < len(sets):
        hint = "give each test one `equals` with an object, or none"
        refuse(lacking[0].flat()[0].where, "some tests say which JSON is right, and this one does not", hint)
    if lacking:
        whole = ["is-json" in {one.kind for one in found.flat()} for found in sets]
        if len({*whole}) > 1:
            other = sets[whole.index(not whole[0])].flat()[0]
            refuse(other.where, "some tests have is-json, and others only contains-json", "use one of them for all tests")
        return Scored("valid-json" if whole[0] else "contains-json", ((),) * len(sets), keys)
    note("metric json: JSON in a code block or between other text counts too; 1 equals 1.0")
    return Scored("json", tuple((equal[0].value,) for equal in wanted), keys)


def _nearest(sets: Sequence[AssertSet], note: Callable[[str], None]) -> Scored:
    for found in sets:
        if len(found.items) > 1:
            refuse(found.flat()[1].where, "several asserts of this kind have no counterpart", "keep one of them")
    kinds = ", ".join(dict.fromkeys(one.name for found in sets for one in found.flat()))
    note(f"{kinds}: the nearest metric is f1, the overlap of words; it is a value from 0 to 1 and knows no threshold")
    return Scored("f1", tuple((str(found.flat()[0].value),) for found in sets))
