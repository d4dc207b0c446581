"""The tests of a configuration: inline, in files of YAML, JSON, JSON Lines or CSV, with `defaultTest` worked in.

A variable with a list of values stands for one test a value, as in promptfoo: the combinations of all lists are written out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import Any, Final

from promptwire.documents.document import YamlValue
from promptwire.documents.validation_errors import describe
from promptwire.errors import Location, suggest
from promptwire.tasks.promptfoo.source import FILE, Folder, is_text, refuse, text_at
from promptwire.tasks.promptfoo.table_cases import table_tests
from promptwire.tasks.promptfoo.variables import file_values, resolved_variables
from promptwire.tasks.reading import limits

__all__ = ["TestCase", "read_tests"]

_KEYS: Final = ("vars", "assert", "description", "threshold", "options", "metadata")
_OPTIONS: Final = ("prefix", "suffix", "disableVarExpansion", "disableDefaultAsserts", "rubricPrompt", "provider", "repeat")
_CODE: Final = {
    "transform": "the reply is scored as the model wrote it; `parse:` in the task file reads a part of it",
    "transformVars": "write the variables as they should be",
    "postprocess": "`parse:` in the task file reads a part of a reply",
    "assertScoringFunction": "leave it out: the score is the share of passed tests",
    "storeOutputAs": "a test can't use the reply to another one",
    "runSerially": "leave it out",
}


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test with one combination of values."""

    __test__ = False

    values: Mapping[str, Any]
    """The variables with their values; texts are resolved."""
    asserts: tuple[YamlValue, ...]
    """Its asserts, those of `defaultTest` first."""
    where: Location
    """Where it is."""
    description: str = ""
    """What it is called."""
    threshold: float | None = None
    """The share of the asserts that has to pass; None for all of them."""
    prefix: str = ""
    """Text before each prompt."""
    suffix: str = ""
    """Text after each prompt."""
    options: Mapping[str, YamlValue] = field(default_factory=dict)
    """Its other options."""

    def named(self) -> str:
        """The place of the test, for a list of several."""
        return f"line {self.where.line} of {self.where.file}" if self.where.line else self.where.file


def read_tests(root: YamlValue, folder: Folder) -> tuple[TestCase, ...]:
    """The tests of a configuration, in order. Raises PipelineError or DataError for what can't be read."""
    default = root.get("defaultTest")
    if default is not None and is_text(default):
        default = folder.values(folder.file(str(default.value), default), default)
    default = folder.resolved(default) if default is not None and default.value is not None else None
    given = root.get("tests")
    if (other := root.get("scenarios")) is not None:
        refuse(other.key_location, "scenarios have no counterpart", "write the combinations out as `tests:`")
    if given is None or given.value in (None, [], ""):
        refuse(given or root, "there are no tests, so there is nothing to score prompts by", "write them under `tests:`")
    each = (case for one in _listed(given, folder) for case in _cases(one, default, folder))
    found = tuple(islice(each, limits.MAX_ROWS + 1))
    if not found:
        refuse(given, "the tests are empty", "write at least one")
    if len(found) > limits.MAX_ROWS:
        refuse(given, f"there are more than {limits.MAX_ROWS:,} tests", limits.SMALLER)
    return found


def _listed(given: YamlValue, folder: Folder) -> Iterator[YamlValue]:
    """Each test as it is written. A generator of tests is a program, and is refused."""
    if isinstance(given.value, str):
        for path in folder.files(given.value, given):
            if path.suffix.lower() == ".csv":
                yield from table_tests(path, folder.text(path, given))
                continue
            inside = folder.values(path, given)
            yield from inside.value if isinstance(inside.value, list) else [inside]
    elif isinstance(given.value, list):
        for one in given.value:
            if isinstance(one.value, str | dict):
                yield from _listed(one, folder) if isinstance(one.value, str) or "path" in one.value else [one]
            else:
                refuse(one, f"a test is a mapping or the name of a file, not {describe(one.data())}", "- vars: {name: value}")
    elif (named := given.get("path")) is not None:
        yield from _listed(named, folder)
    else:
        yield given


def _cases(given: YamlValue, default: YamlValue | None, folder: Folder) -> Iterator[TestCase]:
    given = folder.resolved(given)
    for one in filter(None, (default, given)):
        _check_keys(one)
    options = {**_mapping(default, "options"), **_mapping(given, "options")}
    plain = bool((turned_off := options.get("disableDefaultAsserts")) and turned_off.value)
    asserts = [*(() if plain else _asserts(default)), *_asserts(given)]
    threshold = given.get("threshold") or (default.get("threshold") if default else None)
    case = TestCase(
        {},
        tuple(folder.resolved(one) for one in asserts),
        given.location,
        str(given_text(given.get("description"))),
        _number(threshold),
        given_text(options.get("prefix")),
        given_text(options.get("suffix")),
        options,
    )
    expanded = options.get("disableVarExpansion")
    vars_ = {**_variables(default, folder), **_variables(given, folder)}
    for values in _combinations(vars_, folder, whole=bool(expanded and expanded.value), where=given):
        yield replace(case, values=resolved_variables(values, given.location))


def given_text(value: YamlValue | None) -> str:
    """The text of an optional value; empty when there is none."""
    return "" if value is None or value.value is None else str(value.data())


def _check_keys(test: YamlValue) -> None:
    if not isinstance(test.value, dict):
        refuse(test, f"a test is a mapping, not {describe(test.data())}", "- vars: {name: value}")
    for name, value in (*test.value.items(), *_mapping(test, "options").items()):
        if name in _CODE:
            refuse(value.key_location, f"{name!r} has no counterpart in promptwire", _CODE[name])
    for name, value in test.value.items():
        if name in ("provider", "providers", "providerOutput", "prompts"):
            hint = "leave it out: each prompt is scored by all tests, with the task model"
            refuse(value.key_location, f"{name!r} of a test has no counterpart", hint)
        if name not in _KEYS:
            refuse(value.key_location, f"a test has no key {name!r}", suggest(name, _KEYS, noun="keys"))


def _mapping(test: YamlValue | None, key: str) -> dict[str, YamlValue]:
    value = test.get(key) if test is not None else None
    if value is None or value.value is None:
        return {}
    if not isinstance(value.value, dict):
        refuse(value, f"{key!r} is a mapping, not {describe(value.data())}")
    return value.value


def _asserts(test: YamlValue | None) -> list[YamlValue]:
    value = test.get("assert") if test is not None else None
    if value is None or value.value is None:
        return []
    if not isinstance(value.value, list):
        refuse(value, f"'assert' is a list, not {describe(value.data())}", "assert: [{type: equals, value: ...}]")
    return value.value


def _number(value: YamlValue | None) -> float | None:
    if value is None or value.value is None:
        return None
    if isinstance(value.value, bool) or not isinstance(value.value, int | float):
        refuse(value, f"a threshold is a number, not {describe(value.data())}")
    return float(value.value)


def _variables(test: YamlValue | None, folder: Folder) -> dict[str, YamlValue]:
    """The variables of a test; a text or a list of texts names files that hold them."""
    value = test.get("vars") if test is not None else None
    if value is None or value.value is None:
        return {}
    if isinstance(value.value, dict):
        return value.value
    names = value.value if isinstance(value.value, list) else [value]
    found: dict[str, YamlValue] = {}
    for name in names:
        for path in folder.files(text_at(name, "a file of variables"), name):
            inside = folder.values(path, name)
            if not isinstance(inside.value, dict):
                refuse(inside, f"a file of variables holds a mapping, not {describe(inside.data())}")
            found |= inside.value
    return found


def _combinations(given: Mapping[str, YamlValue], folder: Folder, *, whole: bool, where: YamlValue) -> Iterator[dict[str, Any]]:
    """The values of each test that variables with lists of values stand for."""
    lists: list[list[Any]] = []
    count = 1
    for value in given.values():
        if is_text(value) and str(value.value).startswith(FILE):
            lists.append(file_values(value, folder))
        elif not whole and isinstance(value.value, list) and value.value and isinstance(value.value[0].value, str):
            lists.append([one for each in value.value for one in _of_list(each, folder)])
        else:
            lists.append([value.data()])
        count *= len(lists[-1])
    if count > limits.MAX_ROWS:
        refuse(where, f"the lists of values make {count:,} tests", limits.SMALLER)
    for values in product(*lists):
        yield dict(zip(given, values, strict=True))


def _of_list(value: YamlValue, folder: Folder) -> list[Any]:
    named = is_text(value) and str(value.value).startswith(FILE)
    return file_values(value, folder) if named else [value.data()]
