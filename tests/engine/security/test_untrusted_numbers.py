"""Untrusted numbers are used when finite and in range, else unknown; no number raises."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.security.untrusted_numbers import finite, log_probability, price, token_count, unix_time

HUGE, INFINITE, NAN = 10**400, float("inf"), float("nan")


@pytest.mark.parametrize(
    ("value", "number", "tokens", "usd", "when", "likelihood"),
    [
        (0, 0.0, 0, 0.0, 0.0, 0.0),
        (5, 5.0, 5, 5.0, 5.0, None),
        (0.5, 0.5, 0, 0.5, 0.5, 0.5),
        (-1, -1.0, 0, None, 0.0, -1.0),
        (10**9, 1e9, 10**9, None, 1e9, None),
        (10**9 + 1, 1e9 + 1, 0, None, 1e9 + 1, None),
        (-1e308, -1e308, 0, None, 0.0, None),
        (1e308, 1e308, 0, None, 0.0, None),
        (HUGE, None, 0, None, 0.0, None),
        (-HUGE, None, 0, None, 0.0, None),
        (INFINITE, None, 0, None, 0.0, None),
        (-INFINITE, None, 0, None, 0.0, None),
        (NAN, None, 0, None, 0.0, None),
        (True, None, 0, None, 0.0, None),
        ("5", None, 0, None, 0.0, None),
        (None, None, 0, None, 0.0, None),
        ([5], None, 0, None, 0.0, None),
    ],
)
def test_each_reader_gives_a_number_in_range_or_unknown(
    value: Any, number: float | None, tokens: int, usd: float | None, when: float, likelihood: float | None
) -> None:
    found = (finite(value), token_count(value), price(value), unix_time(value), log_probability(value))
    assert found == (number, tokens, usd, when, likelihood)
