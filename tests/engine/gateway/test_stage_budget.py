"""Budgets of stages: their own limits, those around them, shares, and what a closed stage leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.backend import Charge
from promptwire.errors import LimitReached
from promptwire.gateway.budget import Budget
from promptwire.gateway.stage_budget import StageBudget
from promptwire.limits import Limits, StageLimits


def spend(budget: Budget, stage: StageBudget | None, calls: int, *, node: str = "", usd: float = 0.0, tokens: int = 10) -> None:
    for reservation in budget.reserve(calls, tokens, node=node, stage=stage):
        budget.settle(reservation, tokens=tokens, usd=usd)


def test_a_stage_is_refused_beyond_its_limit_and_the_run_goes_on() -> None:
    budget = Budget(Limits(calls=100))
    stage = budget.stage("first", StageLimits(calls=5))
    spend(budget, stage, 3)
    with pytest.raises(LimitReached, match="the limit of 5 calls of the stage first is reached") as caught:
        budget.reserve(3, stage=stage)
    assert (caught.value.stage, "limits of the step first" in caught.value.hint) == ("first", True)
    spend(budget, None, 97)


def test_after_its_first_refusal_a_stage_makes_no_call() -> None:
    budget = Budget()
    stage = budget.stage("first", StageLimits(calls=5))
    with pytest.raises(LimitReached):
        budget.reserve(6, stage=stage)
    with pytest.raises(LimitReached):
        budget.reserve(1, stage=stage)
    assert budget.affordable(["task"], stage) == 0


def test_a_limit_of_the_run_is_none_of_the_stage() -> None:
    budget = Budget(Limits(calls=4))
    stage = budget.stage("first", StageLimits(calls=5))
    with pytest.raises(LimitReached, match=r"^the limit of 4 calls is reached") as caught:
        budget.reserve(5, stage=stage)
    assert (caught.value.stage, stage.closed) == ("", False)


def test_a_stage_with_all_that_is_left_is_refused_before_the_run() -> None:
    budget = Budget(Limits(calls=9))
    spend(budget, None, 4, node="before")
    last = budget.stage("last", StageLimits(share=1.0), before=["before"])
    with pytest.raises(LimitReached, match="the limit of 5 calls of the stage last is reached"):
        budget.reserve(6, stage=last)


def test_a_stage_within_a_stage_spends_from_both() -> None:
    budget = Budget()
    outer = budget.stage("outer", StageLimits(calls=5))
    inner = budget.stage("outer.inner", StageLimits(calls=4), around=outer)
    spend(budget, inner, 3)
    spend(budget, outer, 1)
    with pytest.raises(LimitReached) as caught:
        budget.reserve(2, stage=inner)
    assert (caught.value.stage, inner.closed, outer.closed) == ("outer.inner", True, False)
    with pytest.raises(LimitReached) as caught:
        budget.reserve(2, stage=outer)
    assert caught.value.stage == "outer"


def test_tokens_and_dollars_of_a_stage_are_limited() -> None:
    budget = Budget()
    by_tokens, by_usd = budget.stage("a", StageLimits(tokens=100)), budget.stage("b", StageLimits(usd=0.1))
    spend(budget, by_tokens, 9)
    with pytest.raises(LimitReached, match="100 tokens of the stage a"):
        budget.reserve(2, 10, stage=by_tokens)
    spend(budget, by_usd, 1, usd=0.1)
    with pytest.raises(LimitReached, match=r"0\.1 dollars of the stage b"):
        budget.reserve(1, stage=by_usd)


def test_charges_without_a_completion_count_for_the_stage_and_stop_its_retries() -> None:
    budget = Budget()
    stage = budget.stage("a", StageLimits(tokens=100))
    (reservation,) = budget.reserve(1, 10, stage=stage)
    budget.charge([Charge(80, 0, None)], reservation)
    budget.check(stage)
    budget.charge([Charge(80, 0, None)], reservation)
    budget.check()
    with pytest.raises(LimitReached, match="100 tokens of the stage a"):
        budget.check(stage)


def test_a_limit_in_dollars_of_a_stage_needs_known_prices() -> None:
    budget = Budget()
    stage = budget.stage("a", StageLimits(usd=1))
    (reservation,) = budget.reserve(1, stage=stage)
    budget.settle(reservation, tokens=1, usd=None)
    with pytest.raises(LimitReached, match="reports no prices") as caught:
        budget.reserve(1, stage=stage)
    assert caught.value.stage == ""


@pytest.mark.parametrize(
    ("limits", "told", "expected"),
    [
        (Limits(calls=100), StageLimits(share=0.3), Limits(calls=24)),
        (Limits(calls=100), StageLimits(share=0.3, calls=9), Limits(calls=9)),
        (Limits(calls=100, tokens=1000), StageLimits(share=0.5), Limits(calls=40, tokens=400)),
        (Limits(usd=3), StageLimits(share=0.5), Limits(usd=1.0)),
        (Limits(calls=20), StageLimits(share=0.5), Limits(calls=0)),
        (Limits(), StageLimits(share=0.5), Limits()),
        (Limits(seconds=5), StageLimits(share=0.5, tokens=7), Limits(tokens=7)),
    ],
)
def test_a_share_is_of_what_the_steps_before_leave(limits: Limits, told: StageLimits, expected: Limits) -> None:
    budget = Budget(limits)
    spend(budget, None, 20, node="before.x", usd=0.05)
    found = budget.stage("stage", told, before=["before"]).limits
    assert (found.calls, found.tokens, found.seconds) == (expected.calls, expected.tokens, None)
    assert found.usd == pytest.approx(expected.usd)


def test_the_final_evaluation_is_not_shared() -> None:
    budget = Budget(Limits(calls=100))
    budget.reserve_final({"task": 40})
    assert budget.stage("stage", StageLimits(share=0.5)).limits.calls == 30


def test_steps_beside_a_stage_have_no_effect_on_its_share() -> None:
    budget = Budget(Limits(calls=100))
    spend(budget, None, 20, node="before")
    spend(budget, None, 30, node="beside")
    spend(budget, None, 30, node="beforehand")
    assert budget.stage("stage", StageLimits(share=0.5), before=["before"]).limits.calls == 40


def test_a_share_within_a_stage_is_of_that_stage() -> None:
    budget = Budget(Limits(calls=1000))
    spend(budget, None, 50, node="before")
    outer = budget.stage("outer", StageLimits(calls=100), before=["before"])
    spend(budget, outer, 20, node="outer.first")
    inner = budget.stage("outer.inner", StageLimits(share=0.5), around=outer, before=["before", "outer.first"])
    assert inner.limits.calls == 40


@given(st.integers(0, 9), st.integers(0, 9))
def test_a_closed_stage_counts_as_used_up_whatever_its_last_calls_were(spent: int, inner_spent: int) -> None:
    budget = Budget(Limits(calls=100))
    first = budget.stage("first", StageLimits(calls=40))
    within = budget.stage("first.in", StageLimits(calls=10), around=first)
    spend(budget, within, inner_spent, node="first.in.x")
    spend(budget, first, spent, node="first.y")
    for stage in (within, first):
        with pytest.raises(LimitReached):
            budget.reserve(50, stage=stage)
    assert budget.stage("second", StageLimits(share=1.0), before=["first"]).limits.calls == 60


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), max_size=60))
def test_no_order_of_calls_exceeds_a_stage_or_the_run(calls: list[tuple[str, int]]) -> None:
    budget = Budget(Limits(calls=50))
    outer = budget.stage("a", StageLimits(calls=30))
    stages = {
        "a": outer,
        "b": budget.stage("a.b", StageLimits(calls=12), around=outer),
        "c": budget.stage("c", StageLimits(calls=25)),
    }
    for name, number in calls:
        try:
            spend(budget, stages[name], number)
        except LimitReached:
            continue
    assert budget.spent.calls == outer.count.calls + stages["c"].count.calls
    assert (budget.spent.calls or 0) <= 50
    assert all(stage.count.calls <= (stage.limits.calls or 0) for stage in stages.values())
    assert stages["b"].count.calls <= outer.count.calls
