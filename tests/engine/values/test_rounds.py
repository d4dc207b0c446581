"""Rounds and elements are stored from 0 and shown from 1."""

from __future__ import annotations

import pytest

from promptwire.values.rounds import from_one


@pytest.mark.parametrize(
    ("stored", "shown"),
    [("", ""), ("0", "1"), ("9", "10"), ("0.2", "1.3"), ("/0/2", "/1/3"), ("test", "test"), ("\u0662", "\u0662")],
)
def test_each_number_of_a_place_is_one_more(stored: str, shown: str) -> None:
    assert from_one(stored) == shown
