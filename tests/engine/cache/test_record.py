"""Cache record: written rows are read back, and other text is rejected."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.backend import Completion
from promptwire.cache.record import CacheRecord, RequestMeta, filtered, read_completion

numbers = st.floats(allow_nan=False, allow_infinity=False)
answers = st.builds(
    Completion,
    text=st.text(st.characters()),
    finish=st.text(),
    weights=st.lists(st.floats(-1e6, 0)).map(tuple),
    tokens_in=st.integers(0, 10**9),
    tokens_out=st.integers(0, 10**9),
    usd=st.none() | st.floats(0, 1e6),
    via=st.text(),
)


@given(answers, st.text(), st.floats(0, 1e10))
def test_any_completion_is_read_back_unchanged(answer: Completion, model: str, when: float) -> None:
    kept = CacheRecord(answer, RequestMeta(model, "generate"), when)
    assert CacheRecord.read(kept.write()) == kept
    assert read_completion(kept.write()) == answer


@given(st.data())
def test_a_cut_off_row_is_rejected(data: st.DataObject) -> None:
    text = CacheRecord(Completion("a reply", weights=(1.0,)), RequestMeta("m", "generate"), 1.0).write()
    assert CacheRecord.read(text[: data.draw(st.integers(0, len(text) - 1))]) is None


@given(
    st.recursive(
        st.none() | st.booleans() | numbers | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_other_json_is_rejected(value: Any) -> None:
    assert CacheRecord.read(json.dumps(value)) is None


def changed(**changes: Any) -> str:
    row = json.loads(CacheRecord(Completion("x"), RequestMeta("m", "generate"), 1.0).write())
    row["answer"].update({name: value for name, value in changes.items() if name in row["answer"] or name == "more"})
    row.update({name: value for name, value in changes.items() if name in ("model", "kind", "when")})
    return json.dumps(row)


@pytest.mark.parametrize(
    "changes",
    [
        {"text": 5},
        {"text": None},
        {"finish": ["stop"]},
        {"via": 1},
        {"tokens_in": 1.5},
        {"tokens_out": True},
        {"usd": "free"},
        {"usd": float("nan")},
        {"weights": "abc"},
        {"weights": [float("inf")]},
        {"weights": [1e308]},
        {"weights": [-1e308]},
        {"weights": 5},
        {"more": 1},
        {"model": 1},
        {"kind": None},
        {"when": "now"},
        {"when": float("inf")},
    ],
)
def test_a_field_of_another_type_is_rejected(changes: dict[str, Any]) -> None:
    assert CacheRecord.read(changed()) is not None
    assert CacheRecord.read(changed(**changes)) is None
    assert read_completion(changed(**changes)) is None


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tokens_in": 10**10, "usd": -1.0},
        {"tokens_out": -1},
        {"tokens_in": 10**400},
        {"usd": 10**7, "when": 10**12},
        {"when": -1.0},
        {"usd": 1, "weights": [0, -1]},
    ],
)
def test_a_completion_is_read_alone_as_with_its_record(changes: dict[str, Any]) -> None:
    record = CacheRecord.read(changed(**changes))
    assert record is not None
    assert read_completion(changed(**changes)) == record.completion


def test_a_deeply_nested_row_is_rejected() -> None:
    assert CacheRecord.read("[" * 100_000) is None


def test_only_a_content_filter_counts_as_filtered() -> None:
    assert filtered(Completion(finish="content_filter"))
    assert not filtered(Completion(finish="length"))
