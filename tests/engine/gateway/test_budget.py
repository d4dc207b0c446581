"""Budget: calls are refused before they exceed a limit, including calls in flight."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.errors import LimitReached
from promptwire.gateway.budget import Budget
from promptwire.limits import Limits


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_without_limits_all_calls_pass_and_are_counted() -> None:
    budget = Budget()
    for hold in budget.reserve(1000, 10**9):
        budget.settle(hold, tokens=7, usd=0.5)
    assert (budget.spent.calls, budget.spent.tokens, budget.spent.usd) == (1000, 7000, 500.0)
    assert budget.left().calls is None


def test_a_call_beyond_the_limit_is_refused_while_others_are_in_flight() -> None:
    budget = Budget(Limits(calls=3))
    budget.reserve(2)
    with pytest.raises(LimitReached, match="the limit of 3 calls") as caught:
        budget.reserve(2)
    assert "--limit calls=" in caught.value.hint
    budget.reserve(1)


def test_several_calls_are_reserved_all_or_none() -> None:
    budget = Budget(Limits(calls=3))
    with pytest.raises(LimitReached):
        budget.reserve(4)
    assert budget.left().calls == 3


@pytest.mark.parametrize(
    ("limits", "often"),
    [
        (Limits(), None),
        (Limits(seconds=9), None),
        (Limits(calls=11), 4),
        (Limits(tokens=260), 2),
        (Limits(usd=0.2), 5),
        (Limits(calls=11, usd=0.2), 4),
        (Limits(calls=2), 0),
    ],
)
def test_how_often_calls_that_belong_together_can_still_be_made(limits: Limits, often: int | None) -> None:
    budget = Budget(limits)
    for role, tokens, usd in (("task", 50, 0.01), ("judge", 30, 0.02)):
        (reservation,) = budget.reserve(1, role=role)
        budget.settle(reservation, tokens=tokens, usd=usd)
    assert budget.affordable(["task", "judge"]) == often


@pytest.mark.parametrize(
    ("limits", "holds"),
    [
        (Limits(), True),
        (Limits(calls=14), True),
        (Limits(calls=13), False),
        (Limits(tokens=400 + 2000), True),
        (Limits(tokens=400 + 1999), False),
        (Limits(usd=1.0 + 5.0), True),
        (Limits(usd=1.0 + 4.9), False),
        (Limits(seconds=1000), True),
    ],
)
def test_a_limit_surely_holds_calls_at_twice_the_cost_so_far(limits: Limits, holds: bool) -> None:
    budget = Budget(limits, clock=lambda: 0.0)
    for reservation in budget.reserve(4, role="task"):
        budget.settle(reservation, tokens=100, usd=0.25)
    assert budget.surely_holds({"task": 10}) is holds


@pytest.mark.parametrize("limits", [Limits(usd=5), Limits(tokens=10_000), Limits(seconds=9)])
def test_a_limit_surely_holds_nothing_while_a_role_has_made_no_call(limits: Limits) -> None:
    budget = Budget(limits, clock=lambda: 0.0)
    (reservation,) = budget.reserve(1, role="task")
    budget.settle(reservation, tokens=1, usd=0.01)
    assert budget.surely_holds({"task": 1}) and not budget.surely_holds({"task": 1, "judge": 1})


@pytest.mark.parametrize("limits", [Limits(usd=5), Limits(tokens=10_000)])
def test_before_the_first_cost_is_known_one_is_affordable(limits: Limits) -> None:
    assert Budget(limits).affordable(["task", "judge"]) == 1


def test_a_failed_call_releases_its_reservation() -> None:
    budget = Budget(Limits(calls=1, tokens=100))
    (hold,) = budget.reserve(1, 80)
    budget.cancel(hold)
    assert (budget.left().calls, budget.left().tokens) == (1, 100)
    assert budget.spent.calls == 0


def test_tokens_are_reserved_by_estimate_and_settled_as_reported() -> None:
    budget = Budget(Limits(tokens=100))
    (hold,) = budget.reserve(1, 60)
    with pytest.raises(LimitReached, match="100 tokens"):
        budget.reserve(1, 60)
    budget.settle(hold, tokens=10, usd=None)
    assert budget.left().tokens == 90


def test_unknown_tokens_count_as_estimated() -> None:
    budget = Budget(Limits(tokens=100))
    budget.settle(budget.reserve(1, 60)[0], tokens=0, usd=None)
    assert budget.left().tokens == 40


def test_dollars_count_calls_in_flight_at_the_mean_price() -> None:
    budget = Budget(Limits(usd=1.0))
    budget.settle(budget.reserve(1)[0], tokens=1, usd=0.4)
    budget.reserve(1)
    assert budget.left().usd == pytest.approx(0.2)
    budget.reserve(1)
    with pytest.raises(LimitReached, match="1 dollars"):
        budget.reserve(1)


def test_a_limit_in_dollars_is_an_error_when_prices_are_unknown() -> None:
    budget = Budget(Limits(usd=1.0))
    budget.settle(budget.reserve(1)[0], tokens=1, usd=None)
    with pytest.raises(LimitReached, match="reports no prices") as caught:
        budget.reserve(1)
    assert "calls" in caught.value.hint


def test_a_limit_in_seconds_counts_from_the_start() -> None:
    clock = Clock()
    budget = Budget(Limits(seconds=10), clock=clock)
    clock.now += 9
    budget.reserve(1)
    clock.now += 1
    with pytest.raises(LimitReached, match="10 seconds"):
        budget.reserve(1)


def test_the_final_reservation_holds_until_its_release() -> None:
    budget = Budget(Limits(calls=10))
    budget.reserve_final({"task": 4})
    budget.reserve(6)
    with pytest.raises(LimitReached, match="4 of them reserved for the final evaluation"):
        budget.reserve(1)
    budget.release()
    budget.reserve(4)
    assert budget.left().calls == 0


def test_the_final_reservation_uses_mean_costs_of_role_and_run() -> None:
    clock = Clock()
    budget = Budget(Limits(calls=100, tokens=1000, usd=10.0, seconds=100), clock=clock)
    budget.reserve_final({"task": 5, "judge": 1})
    for role, tokens in (("task", 10), ("task", 30), ("meta", 300), ("judge", 60)):
        (hold,) = budget.reserve(1, role=role)
        budget.settle(hold, tokens=tokens, usd=tokens / 100)
    clock.now += 6
    left = budget.left()
    assert (left.calls, left.tokens, left.usd, left.seconds) == (90, 600 - 5 * 20 - 60, pytest.approx(6 - 1.6), 94 - 6 * 1.5)
    budget.release()
    assert (budget.left().calls, budget.left().tokens, budget.left().seconds) == (96, 600, 94)


def test_a_role_without_a_call_is_reserved_at_the_mean_price_of_the_others() -> None:
    budget = Budget(Limits(usd=1.0))
    budget.reserve_final({"task": 20})
    budget.settle(budget.reserve(1, role="meta")[0], tokens=1, usd=0.02)
    assert budget.left().usd == pytest.approx(1.0 - 0.02 - 20 * 0.02)


def test_half_of_a_limit_is_left_for_the_search_after_costly_calls() -> None:
    clock = Clock()
    budget = Budget(Limits(tokens=1000, usd=10.0, seconds=100), clock=clock)
    budget.reserve_final({"task": 240})
    assert (budget.left().tokens, budget.left().usd, budget.left().seconds) == (1000, 10.0, 95)
    (hold,) = budget.reserve(1, role="task")
    budget.settle(hold, tokens=400, usd=4.0)
    clock.now += 40
    assert (budget.left().tokens, budget.left().usd, budget.left().seconds) == (100, 1.0, 10)
    clock.now += 20
    with pytest.raises(LimitReached, match=r"100 seconds is reached \(50 of them reserved for the final evaluation\)"):
        budget.reserve(1)


def test_a_search_past_its_time_leaves_the_final_seconds() -> None:
    clock = Clock()
    budget = Budget(Limits(seconds=100), clock=clock)
    budget.reserve_final({"task": 10})
    for hold in budget.reserve(40):
        budget.settle(hold, tokens=1, usd=None)
    clock.now += 80
    assert budget.left().seconds == 0
    clock.now += 80
    budget.release()
    assert budget.left().seconds == 40
    clock.now += 40
    assert budget.left().seconds == 0


@pytest.mark.parametrize(("calls", "left"), [(0, 0), (1, 0), (3, 1), (10, 5), (12, 6), (13, 1), (24, 12)])
def test_a_small_limit_on_calls_reserves_half_of_them(calls: int, left: int) -> None:
    budget = Budget(Limits(calls=calls))
    budget.reserve_final({"task": 12})
    assert (budget.left().calls, budget.left().tokens, budget.left().usd) == (left, None, None)


def test_final_tokens_are_estimated_until_the_roles_first_call() -> None:
    budget = Budget(Limits(tokens=1000))
    budget.reserve_final({"task": 10}, {"task": 30.0})
    assert budget.left().tokens == 700
    (hold,) = budget.reserve(1, role="meta")
    budget.settle(hold, tokens=100, usd=None)
    assert budget.left().tokens == 600
    (hold,) = budget.reserve(1, role="task")
    budget.settle(hold, tokens=10, usd=None)
    assert budget.left().tokens == 790


@given(st.integers(0, 20), st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["settle", "cancel", "keep"])), max_size=30))
def test_reserved_and_settled_calls_never_exceed_the_limit(limit: int, steps: list[tuple[int, str]]) -> None:
    budget = Budget(Limits(calls=limit))
    held = made = 0
    for calls, end in steps:
        try:
            holds = budget.reserve(calls)
        except LimitReached:
            assert held + made + calls > limit
            continue
        held += calls if end == "keep" else 0
        made += calls if end == "settle" else 0
        for hold in holds:
            if end == "settle":
                budget.settle(hold, tokens=1, usd=0.0)
            elif end == "cancel":
                budget.cancel(hold)
        assert held + made <= limit
        assert budget.left().calls == limit - held - made
