"""Canonical text, hash, random stream and sample numbers of values."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.values.hashing import canonical, digest, ordinals, stream

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_the_text_is_ascii_and_reads_back_as_the_value(value: Any) -> None:
    text = canonical(value)
    assert text.isascii()
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=5))
def test_the_order_of_keys_does_not_change_the_hash(value: dict[str, int]) -> None:
    assert digest(dict(reversed(value.items()))) == digest(value)


def test_a_lone_surrogate_has_a_text_and_nan_has_none() -> None:
    assert canonical("\ud83d") == '"\\ud83d"'
    for number in (math.nan, math.inf):
        with pytest.raises(ValueError, match="JSON"):
            canonical([number])
    with pytest.raises(TypeError):
        canonical({1, 2})


def test_the_hash_stays_the_same_across_versions() -> None:
    assert digest({"b": 1, "a": [True, None, "é"]}, 16) == "ef6470ba9d8048e5"
    assert stream(0, "node", 3).random() == stream(0, "node", 3).random() != stream(0, "node", 4).random()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (-0.0, 0.0),
        ({"temperature": -0.0}, {"temperature": 0.0}),
        ([{"a": (-0.0, [-0.0])}, "-0.0"], [{"a": (0.0, [0.0])}, "-0.0"]),
        ("\ud83d\ude00", "\U0001f600"),
        ({"\ud83d\ude00": 1}, {"\U0001f600": 1}),
    ],
)
def test_values_that_reach_a_model_as_the_same_have_the_same_text(one: Any, other: Any) -> None:
    assert canonical(one) == canonical(other)
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("-0.0", "0.0"), (-0.05, 0.05), (1, True), (0, 0.0), ("\ud83d", "\ude00"), ("\ude00\ud83d", "\U0001f600")],
)
def test_different_values_have_different_texts(one: Any, other: Any) -> None:
    assert canonical(one) != canonical(other)


@given(st.lists(st.integers(0, 3)))
def test_key_and_ordinal_together_are_unique_and_without_gaps(keys: list[int]) -> None:
    pairs = list(zip(keys, ordinals(keys), strict=True))
    assert len(set(pairs)) == len(pairs)
    assert set(pairs) == {(key, number) for key in keys for number in range(keys.count(key))}
