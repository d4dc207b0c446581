"""An answer goes into a line and comes out the same; whatever else a line says, it is no answer and no error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.backend import Completion
from promptwire.cache.jsonl import read_line, write_line
from promptwire.cache.maintenance import CacheEntry
from promptwire.cache.record import CacheRecord, RequestMeta

ROW = CacheEntry(
    "0f" * 32,
    CacheRecord(Completion("Grüße\n\ud83d", tokens_in=3, tokens_out=1), RequestMeta("m at http://x", "generate"), 12.5),
)


def test_a_row_comes_out_of_its_line_as_it_went_in() -> None:
    line = write_line(ROW)
    assert line.isascii() and "\n" not in line
    assert read_line(line) == ROW


@pytest.mark.parametrize("key", ["", "0f", "G" * 64, "../" + "0f" * 31, 7, None, ["0f" * 32]])
def test_what_is_under_another_sort_of_key_is_no_answer(key: object) -> None:
    assert read_line(json.dumps({**json.loads(write_line(ROW)), "key": key})) is None


@given(st.text() | st.integers(0, len(write_line(ROW)) - 1).map(lambda end: write_line(ROW)[:end]))
def test_any_other_text_is_no_answer(line: str) -> None:
    assert read_line(line) is None


def test_a_line_that_is_nested_too_deep_is_no_answer() -> None:
    assert read_line("[" * 100_000) is None
