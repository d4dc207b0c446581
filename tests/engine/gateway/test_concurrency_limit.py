"""A run whose endpoint takes fewer requests than the client may send: how many requests and how much time that costs."""

from __future__ import annotations

import pytest
from limited_endpoints import SLOTS, Narrow, outcome

CALLS = 500


def asked(endpoint: Narrow) -> tuple[float, float]:
    """Requests and time, as multiples of what is needed."""
    made = outcome(endpoint, CALLS)
    assert not made.failed
    return made.requests, made.seconds / (endpoint.worked / min(endpoint.room, SLOTS))


@pytest.mark.parametrize("retry_after", [None, 0.5])
@pytest.mark.parametrize("late", [0.0, 0.05])
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_an_endpoint_that_takes_eight_of_64_costs_few_more_requests_and_little_more_time(
    retry_after: float | None, late: float, spread: float
) -> None:
    requests, time = asked(Narrow(8, retry_after=retry_after, late=late, spread=spread))
    assert 1 < requests <= 1.3 and time <= 1.3


def test_throttling_by_chance_does_not_empty_the_slots() -> None:
    requests, time = asked(Narrow(SLOTS, retry_after=0.2, chance=0.05))
    assert requests <= 1.1 and time <= 3


def test_an_endpoint_that_takes_all_is_sent_all() -> None:
    endpoint = Narrow(SLOTS)
    requests, time = asked(endpoint)
    assert (requests, endpoint.most) == (1, SLOTS) and time <= 1.1
