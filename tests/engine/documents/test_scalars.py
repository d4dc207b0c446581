"""Numbers of the core schema; `test_yaml_reader.py` has the table of texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.documents.scalars import CORE, parse


@given(st.integers())
def test_an_integer_is_read_back_in_base_ten_and_sixteen(number: int) -> None:
    assert parse(str(number), "int") == number
    assert parse(hex(abs(number)), "int") == abs(number)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_read_back_exactly(number: float) -> None:
    assert parse(repr(number), "float") == number
    assert any(pattern.match(repr(number)) for kind, pattern, _ in CORE if kind in ("int", "float"))


@pytest.mark.parametrize(
    ("text", "kind"), [("x", "int"), ("maybe", "bool"), (".nan", "float"), ("1e999", "float"), ("0o9", "int")]
)
def test_a_non_finite_value_is_refused(text: str, kind: str) -> None:
    with pytest.raises(ValueError):
        parse(text, kind)
