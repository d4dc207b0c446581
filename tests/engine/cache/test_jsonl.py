"""JSON lines: an entry is read back unchanged, and any other line is rejected."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.backend import Completion
from promptwire.cache.jsonl import read_line, write_line
from promptwire.cache.maintenance import CacheEntry
from promptwire.cache.record import CacheRecord, RequestMeta
from promptwire.values.hashing import canonical

ROW = CacheEntry(
    "0f" * 32,
    CacheRecord(Completion("Grüße\n\ud83d", tokens_in=3, tokens_out=1), RequestMeta("m at http://x", "generate"), 12.5),
)


def test_an_entry_is_read_back_from_its_line() -> None:
    line = write_line(ROW)
    assert line.isascii() and "\n" not in line
    assert read_line(line) == ROW


@given(st.text(), st.lists(st.floats(-1e9, 0)), st.none() | st.floats(0, 1e6), st.text(max_size=5))
def test_a_line_is_canonical(text: str, weights: list[float], usd: float | None, model: str) -> None:
    record = CacheRecord(Completion(text, weights=tuple(weights), usd=usd), RequestMeta(model, "choose"), 12.5)
    line = write_line(CacheEntry("0f" * 32, record))
    assert line == canonical(json.loads(line))


@pytest.mark.parametrize("key", ["", "0f", "G" * 64, "../" + "0f" * 31, 7, None, ["0f" * 32]])
def test_a_line_with_an_invalid_key_is_rejected(key: object) -> None:
    assert read_line(json.dumps({**json.loads(write_line(ROW)), "key": key})) is None


@given(st.text() | st.integers(0, len(write_line(ROW)) - 1).map(lambda end: write_line(ROW)[:end]))
def test_any_other_text_is_rejected(line: str) -> None:
    assert read_line(line) is None


def test_a_deeply_nested_line_is_rejected() -> None:
    assert read_line("[" * 100_000) is None
