"""JSON from outside is a value or one ValueError with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.security.untrusted_json import DEEPEST, read_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        (b"[1]", [1]),
        ('"\\ud800"', "\ud800"),
        ("1" + "0" * 400, 10**400),
        ("[[]," * 300 + "1" + "]" * 300, None),
        ('["' + "[" * 5000 + '"]', ["[" * 5000]),
        ("[" * DEEPEST + "]" * DEEPEST, ...),
    ],
)
def test_json_within_the_limits_is_its_value(text: str | bytes, value: Any) -> None:
    if value is None:
        with pytest.raises(ValueError, match="nested deeper than 100 levels"):
            read_json(text)
    else:
        assert value in (..., read_json(text)) and read_json(text) is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NaN", "no JSON number: NaN"),
        ('{"a": -Infinity}', "no JSON number: -Infinity"),
        ("1" * 5000, "an integer has too many digits"),
        ("[" * 900 + "]" * 900, "nested deeper than 100 levels"),
        ('{"a":' * 900 + "1" + "}" * 900, "nested deeper than 100 levels"),
        ("[" * 100_000, "nested deeper than 100 levels"),
        ("[" * (DEEPEST + 2) + "]" * (DEEPEST + 2), "nested deeper than 100 levels"),
        (b'"\xff"', "not UTF-8: invalid start byte at byte 1"),
        ("{", "Expecting property name"),
        ("", "Expecting value"),
    ],
)
def test_what_is_no_json_within_the_limits_is_refused_with_its_reason(text: str | bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_json(text)
