"""Untrusted JSON gives a value, or a ValueError with its reason."""

from __future__ import annotations

import json
import math
import tracemalloc
from typing import Any

import pytest

from promptwire.security.untrusted_json import DEEPEST, MOST_VALUES, count_separators, read_json


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, "x, [y] {z}"]}, [], "text", ["word, " * 300_000], [0] * 400_000])
def test_ordinary_json_is_read(value: object) -> None:
    assert read_json(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        (b"[1]", [1]),
        ('"\\ud800"', "\ud800"),
        ("1" + "0" * 400, 10**400),
        ('["' + "[" * 5000 + '"]', ["[" * 5000]),
    ],
)
def test_unusual_json_within_the_limits_is_read(text: str | bytes, value: Any) -> None:
    assert read_json(text) == value


def test_json_at_the_depth_limit_is_read() -> None:
    assert read_json("[" * DEEPEST + "]" * DEEPEST)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NaN", "no JSON number: NaN"),
        ('{"a": -Infinity}', "no JSON number: -Infinity"),
        ("1" * 5000, "an integer has too many digits"),
        ("[[]," * 300 + "1" + "]" * 300, "nested deeper than 100 levels"),
        ("[" * 900 + "]" * 900, "nested deeper than 100 levels"),
        ('{"a":' * 900 + "1" + "}" * 900, "nested deeper than 100 levels"),
        ("[" * 100_000, "nested deeper than 100 levels"),
        ("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), "nested deeper than 100 levels"),
        (b'"\xff"', "not UTF-8: invalid start byte at byte 1"),
        ("{", "Expecting property name"),
        ("", "Expecting value"),
    ],
)
def test_invalid_json_is_refused_with_its_reason(text: str | bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_json(text)


def test_infinities_are_read_where_the_caller_accepts_them() -> None:
    assert read_json("[-Infinity]", nonfinite=True) == [-math.inf]


@pytest.mark.parametrize("one", ["[]", "{}", "0", '""', '{"a":[]}', "0.1"])
def test_too_many_values_are_refused_before_parsing(one: str) -> None:
    text = "[" + ",".join([one] * (MOST_VALUES + 1)) + "]"
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more than 2,000,000 values"):
            read_json(text)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", ["[{,", b"[{,"])
def test_separators_are_commas_and_opening_brackets(text: str | bytes) -> None:
    assert count_separators(text) == 3
