"""Numbers from outside are used when they are finite and in range, else unknown; no size of number raises."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.security.untrusted_numbers import finite, log_probability, moment, price, token_count

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
def test_what_each_reader_makes_of_a_value(
    value: Any, number: float | None, tokens: int, usd: float | None, when: float, likelihood: float | None
) -> None:
    found = (finite(value), token_count(value), price(value), moment(value), log_probability(value))
    assert found == (number, tokens, usd, when, likelihood)
