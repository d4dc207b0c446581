"""Limits: budgets given by the user, and rate limits that are combined."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from promptwire.limits import Limits, RateLimits

numbers = st.none() | st.integers(1, 100)
rate_limits = st.builds(RateLimits, parallel=numbers, requests_per_minute=numbers, tokens_per_minute=numbers)


@given(rate_limits, rate_limits)
def test_the_stricter_limits_are_symmetric_and_exceed_neither(one: RateLimits, other: RateLimits) -> None:
    both = one.within(other)
    assert both == other.within(one)
    for name, value in both.model_dump().items():
        given_values = [number for number in (getattr(one, name), getattr(other, name)) if number is not None]
        assert value == (min(given_values) if given_values else None)


def test_own_rate_limits_precede_those_of_the_base() -> None:
    base = RateLimits(parallel=9, tokens_per_minute=100)
    assert RateLimits(parallel=2).over(base) == RateLimits(parallel=2, tokens_per_minute=100)


@pytest.mark.parametrize(
    ("limits", "limited"),
    [(RateLimits(), False), (RateLimits(parallel=1), False), (RateLimits(requests_per_minute=1), True)],
)
def test_only_limits_per_minute_can_make_a_request_wait(limits: RateLimits, limited: bool) -> None:
    assert limits.limited is limited


def test_budgets_replace_and_whole_numbers_are_rounded_down() -> None:
    limits = Limits(calls=5, usd=1.0, roles={"task": RateLimits(parallel=1)}).with_budgets({"calls": 7.9, "seconds": 1.5})
    assert (limits.calls, limits.usd, limits.seconds, limits.roles["task"].parallel) == (7, 1.0, 1.5, 1)


def test_a_negative_budget_is_refused() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        Limits(calls=-1)
