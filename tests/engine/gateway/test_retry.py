"""Retry policy: the waits between tries, without a clock."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from promptwire.errors import TransientError
from promptwire.gateway.retry import RetryPolicy


@given(st.integers(1, 5), st.integers())
def test_the_wait_is_drawn_from_an_interval_that_doubles_up_to_a_minute(attempt: int, seed: int) -> None:
    delay = RetryPolicy(rng=random.Random(seed)).delay(TransientError("busy"), attempt)
    assert delay is not None
    assert 0 <= delay <= min(60, 2**attempt)


def test_the_wait_never_passes_a_minute() -> None:
    retry = RetryPolicy(tries=100, rng=random.Random(1))
    assert max(retry.delay(TransientError("busy"), attempt) or 0 for attempt in range(1, 100)) <= 60


def test_the_last_try_has_no_wait() -> None:
    assert RetryPolicy(tries=6).delay(TransientError("busy"), 5) is not None
    assert RetryPolicy(tries=6).delay(TransientError("busy"), 6) is None


def test_rounds_repeat_all_tries_after_up_to_a_minute() -> None:
    retry = RetryPolicy(tries=2, rng=random.Random(1))
    waits = [retry.delay(TransientError("busy"), attempt, rounds=2) for attempt in range(1, 7)]
    assert waits[-1] is None and None not in waits[:-1]
    assert all(0 <= (wait or 0) <= 2 for wait in waits[:-1:2])
    between = [
        RetryPolicy(tries=2, rng=random.Random(seed)).delay(TransientError("busy"), 2, rounds=1) or 0 for seed in range(50)
    ]
    assert 40 < max(between) <= 60


def test_the_endpoints_own_wait_is_used_up_to_a_limit() -> None:
    retry = RetryPolicy(rng=random.Random(1))
    assert 30 <= (retry.delay(TransientError("busy", retry_after=30), 1) or 0) <= 31
    assert retry.delay(TransientError("busy", retry_after=3600), 1) is None


def test_clients_that_failed_together_wait_different_times() -> None:
    delays = {RetryPolicy(rng=random.Random(seed)).delay(TransientError("busy", retry_after=5), 1) for seed in range(20)}
    assert len(delays) == 20
