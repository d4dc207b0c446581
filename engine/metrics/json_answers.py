"""Compare JSON in answers: equal as a whole, or the share of fields that are right; against a JSON Schema too.

The order of keys does not matter, that of lists does. 1 and 1.0 are equal; "1" and true are not. Text is compared exactly, as a
program that reads the answer would. JSON is read out of a fence or of surrounding prose.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from promptwire.lazy_pattern import lazy_pattern
from promptwire.metrics.tolerance import near
from promptwire.security.untrusted_json import read_json
from promptwire.values import Example

__all__ = ["Agree", "Agreement", "agreement", "equal", "found_json", "held", "leaves", "share", "unfit", "valid"]

Compared = tuple[float, str, str | None]
"""Value, feedback, and the JSON that was read; None for an answer without JSON."""
Agree = Callable[[Any, Any], tuple[float, str]]
"""How far two JSON values agree, from 0 to 1, and what differs, in words."""
Leaves = Mapping[tuple[str | int, ...], Any]
Faults = Callable[[Any], str]
"""What is wrong with a JSON value by a schema; empty if nothing is."""

_FENCE = lazy_pattern(r"(?P<fence>`{3,}|~{3,})[^\n`]*\n(?P<in>.*?)(?:\n[ \t]*(?P=fence)|\Z)", re.DOTALL)
_OPENING = lazy_pattern(r"[{\[]")
_TRAILING = lazy_pattern(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])', re.DOTALL)
"""A text, which stays, or a comma after the last entry."""
_PUNCTUATION = lazy_pattern(r'"(?:\\.|[^"\\])*"|[{}\[\]]', re.DOTALL)
"""A text, which is skipped, or a bracket."""
_STARTS = lazy_pattern(r'\{\s*"|\[\s*[\[{"]')
"""The beginning of an object or list in JSON; a bracket in prose rarely has it."""
_TRIES: Final = 64
"""Most opening brackets of an answer that are tried as the start of JSON."""
_NAMED: Final = 8
"""Most fields that feedback names."""


def _no_schema(value: Any) -> str:
    return ""


def _by_equality(said: Any, wanted: Any) -> tuple[float, str]:
    found = agreement(leaves(said), leaves(wanted))
    return found.right / found.total, found.words


def equal(answer: str, outputs: tuple[str, ...], faults: Faults = _no_schema, agree: Agree = _by_equality) -> Compared:
    """1 if the JSON in the answer is that of an accepted output, else 0; the feedback names the fields that differ.

    >>> equal('Here it is: {"b": 2, "a": 1.0}', ('{"a": 1, "b": 2}',))
    (1.0, '', '{"b": 2, "a": 1.0}')
    """
    value, feedback, read = share(answer, outputs, faults, agree)
    return float(value == 1.0), feedback, read


def share(answer: str, outputs: tuple[str, ...], faults: Faults = _no_schema, agree: Agree = _by_equality) -> Compared:
    """The share of fields that are right, the best over the accepted outputs. A field that is not wanted counts as wrong.

    >>> share('{"a": 1, "b": {"c": 3, "d": 4}}', ('{"a": 1, "b": {"c": 2, "d": 4}}',))
    (0.6666666666666666, 'wrong: b.c', '{"a": 1, "b": {"c": 3, "d": 4}}')
    """
    found = found_json(answer)
    if found is None:
        return 0.0, "there is no JSON in the answer", None
    (said,), read = found, json.dumps(found[0], ensure_ascii=False)
    if problem := faults(said):
        return 0.0, problem, read
    values = [agree(said, read_json(output)) for output in outputs]
    best = max(values, key=lambda one: one[0])
    return best[0], best[1], read


def valid(answer: str, outputs: tuple[str, ...], faults: Faults = _no_schema) -> Compared:
    """1 if the whole answer is JSON in which nothing is wrong by the schema, else 0.

    >>> valid('{"a": 1}', ()), valid('It is {"a": 1}.', ())[0]
    ((1.0, '', '{"a": 1}'), 0.0)
    """
    try:
        value = read_json(answer)
    except ValueError as error:
        return 0.0, f"the answer is not JSON: {error}", None
    return _by_schema(value, faults)


def held(answer: str, outputs: tuple[str, ...], faults: Faults = _no_schema) -> Compared:
    """1 if the answer holds an object or a list in which nothing is wrong by the schema, else 0.

    >>> held('It is {"a": 1}.', ())
    (1.0, '', '{"a": 1}')
    """
    found = found_json(answer)
    return (0.0, "there is no JSON in the answer", None) if found is None else _by_schema(found[0], faults)


def _by_schema(value: Any, faults: Faults) -> Compared:
    problem = faults(value)
    return float(not problem), problem, json.dumps(value, ensure_ascii=False)


def unfit(examples: Sequence[Example], labels: Sequence[str], faults: Faults = _no_schema) -> str:
    """Why accepted outputs can't be compared as JSON; empty if they can."""
    for example in examples:
        for output in example.outputs:
            try:
                value = read_json(output)
            except ValueError as error:
                several = "; a list of outputs is several accepted ones: [[...]] is one that is a list"
                return f"the accepted output {output[:60]!r} is not JSON: {error}{several if len(example.outputs) > 1 else ''}"
            if not isinstance(value, dict | list):
                return f"the accepted output {output[:60]!r} is neither an object nor a list; exact and numeric compare such"
            if problem := faults(value):
                return f"the accepted output {output[:60]!r} does not fit `json_schema`: {problem}"
    return ""


def found_json(answer: str) -> tuple[Any] | None:
    """The JSON in an answer: the whole of it, else its last fence that holds JSON, else the last object or list in its text.

    >>> found_json('First {"a": 1}. Or rather {"a": 2}, I think.')
    ({'a': 2},)
    """
    fenced = [match["in"] for match in _FENCE.finditer(answer)]
    for text in (answer, *reversed(fenced)):
        value = _parsed(text)
        if isinstance(value, dict | list):
            return (value,)
    return next((found for text in (*reversed(fenced), answer) if (found := _last_inside(text)) is not None), None)


def _parsed(text: str) -> Any:
    for one in (text, _TRAILING.sub(lambda match: match[1] or "", text)):
        try:
            return read_json(one.strip())
        except ValueError:
            continue
    return None


def _last_inside(text: str) -> tuple[Any] | None:
    """The last object of `text`, or its last list where there is no object."""
    found = list(_inside(_TRAILING.sub(lambda match: match[1] or "", text)))
    objects = [value for value in found if isinstance(value, dict)]
    return (objects[-1],) if objects else (found[-1],) if found else None


def _inside(text: str) -> Iterator[Any]:
    """The objects and lists of `text` that lie in no other one.

    What lies in a broken one is no answer of its own.
    """
    decoder, start = json.JSONDecoder(), 0
    for _ in range(_TRIES):
        opening = _OPENING.search(text, start)
        if opening is None:
            return
        try:
            _, start = decoder.raw_decode(text, opening.start())
            yield read_json(text[opening.start() : start])
        except (ValueError, RecursionError):
            start = max(start, _end_of(text, opening.start()) if _STARTS.match(text, opening.start()) else opening.end())


def _end_of(text: str, start: int) -> int:
    """Where the bracket at `start` is closed; the end of `text` if it never is."""
    depth = 0
    for match in _PUNCTUATION.finditer(text, start):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(match[0], 0)
        if depth == 0 and match[0] in "}]":
            return match.end()
    return len(text)


class Agreement(NamedTuple):
    """How many fields of two JSON values agree."""

    right: int
    """Those that agree."""
    total: int
    """All fields of either."""
    words: str
    """The others by name."""


def leaves(value: Any) -> dict[tuple[str | int, ...], Any]:
    """The texts, numbers, booleans and nulls of `value`, and its empty objects and lists, by path."""
    found: dict[tuple[str | int, ...], Any] = {}
    left: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while left:
        path, one = left.pop()
        inner = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        children = [((*path, key), child) for key, child in inner]
        left += reversed(children)
        if not children:
            found[path] = one
    return found


def agreement(said: Leaves, wanted: Leaves, tolerance: float | str | None = None) -> Agreement:
    """How many of the fields of both are equal; numbers may be off by `tolerance`."""
    missing = [path for path in wanted if path not in said]
    more = [path for path in said if path not in wanted]
    wrong = [path for path in wanted if path in said and not _same(said[path], wanted[path], tolerance)]
    parts = [
        f"{word}: {_shown(paths)}" for word, paths in (("wrong", wrong), ("missing", missing), ("not wanted", more)) if paths
    ]
    return Agreement(len(wanted) - len(missing) - len(wrong), len(wanted) + len(more), "; ".join(parts))


def _same(one: Any, other: Any, tolerance: float | str | None) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other if tolerance is None else near(one, other, tolerance)
    return type(one) is type(other) and one == other


def _shown(paths: Sequence[tuple[str | int, ...]]) -> str:
    names = [".".join(map(str, path)) or "all" for path in paths[:_NAMED]]
    return ", ".join(names) + (f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else "")
