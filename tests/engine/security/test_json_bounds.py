"""JSON from outside: read as it is, or refused before it fills the memory."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from promptwire.security.json_bounds import MOST_VALUES, loads, separators


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, "x, [y] {z}"]}, [], "text", ["word, " * 300_000], [0] * 400_000])
def test_ordinary_json_is_read(value: object) -> None:
    assert loads(json.dumps(value)) == value


@pytest.mark.parametrize("one", ["[]", "{}", "0", '""', '{"a":[]}', "0.1"])
def test_too_many_values_are_refused_before_they_are_made(one: str) -> None:
    text = "[" + ",".join([one] * (MOST_VALUES + 1)) + "]"
    tracemalloc.start()
    try:
        with pytest.raises(json.JSONDecodeError, match="more than 2,000,000 values"):
            loads(text)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert separators("[{,") == 3
