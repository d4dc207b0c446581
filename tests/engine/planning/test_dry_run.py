"""Plan with the present cache: calls found, calls left, and never fewer than the run makes."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.api import plan, run
from promptwire.errors import PromptwireError
from promptwire.options import Options
from promptwire.planning.dry_run import NotApproved
from promptwire.planning.plan import Plan

PLANTED = {"models": {"task": "scripted:planted"}}
SMALL: dict[str, dict[str, Any]] = {
    "ape": {"draws": "2", "n": "3"},
    "opro": {"steps": "3"},
    "pe2": {"steps": "1"},
    "protegi": {"rounds": "1", "pulls": "60"},
}


def options(name: str, **rest: Any) -> Options:
    return Options.model_validate({**PLANTED, "params": SMALL[name], **rest})


@pytest.mark.parametrize("name", SMALL)
def test_run_stays_within_its_plan_and_leaves_no_new_call(name: str, tmp_path: Path) -> None:
    before = plan(name, "planted", options(name))
    assert not (tmp_path / "cache").exists() and not (tmp_path / "runs").exists()
    assert (before.total.cached, before.total.new) == (0, before.total.most)
    report = run(name, "planted", options(name))
    assert before.total.new is not None and report.calls.new <= before.total.new
    after = plan(name, "planted", options(name))
    assert (after.total.new, after.total.new_usd, after.call) == (0, 0.0, 0)
    assert after.total.cached == report.calls.new + report.calls.cached
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.parametrize("name", SMALL)
def test_plan_of_an_interrupted_run_starts_where_it_stopped(name: str) -> None:
    whole = plan(name, "planted", options(name))
    limit = max(130, (whole.total.least + (whole.total.most or 0)) // 3)
    with contextlib.suppress(PromptwireError):  # a limit may leave no prompt at all; completions stay in the cache
        run(name, "planted", options(name, limits={"calls": limit}))
    rest = plan(name, "planted", options(name))
    assert rest.total.cached and whole.total.new
    assert rest.total.new is not None and rest.total.new < whole.total.new
    assert run(name, "planted", options(name)).calls.new <= rest.total.new


def test_plan_separates_cached_steps_from_steps_with_new_calls() -> None:
    run("ape", "planted", options("ape"))
    more = plan("ape", "planted", options("ape", patches={"survivors.until": "1"}))
    by_path = {step.path: step for step in more.steps}
    assert by_path["proposals"].new == 0
    assert more.replay >= 1


def test_larger_run_counts_the_calls_that_are_cached() -> None:
    told = {**PLANTED, "params": {"n": "4"}}
    run("ape-paraphrase", "planted", Options.model_validate(told))
    (step, *_) = plan("ape-paraphrase", "planted", Options.model_validate({**told, "params": {"n": "7"}})).steps
    assert (step.path, step.most, step.cached, step.new) == ("proposals", 7, 4, 3)


@pytest.mark.parametrize("policy", ["refresh", "off"])
def test_cache_policy_without_reads_saves_no_call(policy: str) -> None:
    run("ape", "planted", options("ape"))
    found = plan("ape", "planted", options("ape", cache=policy))
    assert (found.total.cached, found.total.new) == (0, found.total.most)


def test_limit_bounds_the_new_calls() -> None:
    found = plan("ape", "planted", options("ape", limits={"calls": 150}))
    assert (found.limit, found.total.new) == (150, 150)


def test_approval_is_requested_once_and_a_refusal_leaves_no_run_folder(tmp_path: Path) -> None:
    seen: list[Plan] = []

    def refuse(found: Plan) -> None:
        seen.append(found)
        raise NotApproved("no")

    with pytest.raises(NotApproved):
        run("ape", "planted", options("ape"), approve=refuse)
    assert [found.total.new for found in seen] == [plan("ape", "planted", options("ape")).total.new]
    assert not list((tmp_path / "runs").iterdir())
    run("ape", "planted", options("ape"), approve=seen.append)
    assert len(seen) == 2
    run("ape", "planted", options("ape"), approve=refuse)  # all calls are cached, so no approval is requested
    assert len(seen) == 2


def test_unpriced_model_makes_the_total_unknown_and_a_free_one_does_not() -> None:
    mixed = plan("ape", "planted", Options(models={"task": "scripted:planted", "meta": "openai/no-such-model"}))
    (proposals,) = [step for step in mixed.steps if step.path == "proposals"]
    assert (proposals.usd, mixed.total.usd, mixed.hosted) == (None, None, True)
    assert [step.usd for step in mixed.steps if step.model == "task"] == [0.0] * 2
    priced = plan("ape", "planted", Options(models={"task": "scripted:planted", "meta": "openai/gpt-4o-mini"}))
    assert priced.total.usd == sum(step.usd or 0 for step in priced.steps) > 0


def test_plan_survives_a_round_trip_through_json() -> None:
    found = plan("ape", "planted", options("ape"))
    assert Plan.model_validate(json.loads(found.model_dump_json())) == found


def test_plan_is_refused_for_the_same_reason_as_the_run() -> None:
    with pytest.raises(PromptwireError, match="hosted models don't score a given answer"):
        plan("ape-logprob", "planted", Options(models={"task": "openai/gpt-4o-mini"}, task={"template": "task/completion.j2"}))
