"""Options: model and rate limits of each role, folders of cache and runs."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from pydantic import ValidationError

from promptwire.limits import RateLimits
from promptwire.node import Role
from promptwire.options import Options, cache_folder, runs_folder


@pytest.mark.parametrize(
    ("models", "bases", "role", "expected"),
    [
        ({}, {}, "task", ("local", None)),
        ({}, {}, "judge", ("local", None)),
        ({"task": "a"}, {}, "meta", ("a", None)),
        ({"task": "a", "meta": "b"}, {}, "judge", ("b", None)),
        ({"task": "a", "meta": "b"}, {"task": "http://x"}, "meta", ("b", None)),
        ({"task": "a"}, {"task": "http://x"}, "meta", ("a", "http://x")),
        ({"task": "a"}, {"meta": "http://z"}, "meta", ("a", "http://z")),
        ({"task": "a", "judge": "c"}, {"judge": "http://y"}, "judge", ("c", "http://y")),
    ],
)
def test_role_without_a_model_uses_another_roles_model_and_address(
    models: dict[Role, str], bases: dict[Role, str], role: Role, expected: tuple[str, str | None]
) -> None:
    assert Options(models=models, api_bases=bases).model(role) == expected


@pytest.mark.parametrize(
    ("models", "bases", "role", "expected"),
    [
        ({"task": "a"}, {}, "task", ("a", "http://env-task")),
        ({"task": "a"}, {}, "meta", ("a", "http://env-meta")),
        ({"task": "a"}, {}, "judge", ("a", "http://env-meta")),
        ({"task": "a"}, {"task": "http://x"}, "task", ("a", "http://x")),
        ({"task": "a", "judge": "c"}, {}, "judge", ("c", None)),
        ({}, {}, "task", ("local", None)),
        ({"task": "scripted:echo"}, {}, "task", ("scripted:echo", None)),
    ],
)
def test_address_of_the_environment_holds_where_none_was_given(
    models: dict[Role, str],
    bases: dict[Role, str],
    role: Role,
    expected: tuple[str, str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PROMPTWIRE_TASK_API_BASE", "http://env-task")
    monkeypatch.setenv("PROMPTWIRE_META_API_BASE", "http://env-meta ")
    options = Options(models=models, api_bases=bases)
    assert options.model(role) == expected
    monkeypatch.delenv("PROMPTWIRE_TASK_API_BASE")
    monkeypatch.delenv("PROMPTWIRE_META_API_BASE")
    assert options.named_model(role) == options.model(role)


@pytest.mark.parametrize("limits", [{"seconds": math.inf}, {"usd": math.nan}, {"calls": -1}, {"call": 1}])
def test_limit_without_effect_is_refused(limits: dict[str, float]) -> None:
    assert Options.model_validate({"limits": {"usd": 0.5}}).limits == {"usd": 0.5}
    with pytest.raises(ValidationError, match="limits"):
        Options.model_validate({"limits": limits})


def test_environment_variables_move_the_folders_of_cache_and_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMPTWIRE_CACHE")
    monkeypatch.setenv("PROMPTWIRE_RUNS", "/elsewhere")
    assert (cache_folder(), runs_folder()) == (Path(".promptwire/cache"), Path("/elsewhere"))


def test_role_takes_each_missing_rate_limit_from_the_role_whose_model_it_uses() -> None:
    written = {"task": RateLimits(requests_per_minute=60, tokens_per_minute=900), "judge": RateLimits(requests_per_minute=5)}
    options = Options(parallel=9, paces={"meta": RateLimits(parallel=2), "task": RateLimits(requests_per_minute=30)})
    assert options.pace("task", written) == RateLimits(parallel=9, requests_per_minute=30, tokens_per_minute=900)
    assert options.pace("meta", written) == RateLimits(parallel=2, requests_per_minute=30, tokens_per_minute=900)
    assert options.pace("judge", written) == RateLimits(parallel=2, requests_per_minute=5, tokens_per_minute=900)
    assert Options().pace("task") == RateLimits()


def test_stricter_of_two_rate_limits_holds_limit_by_limit() -> None:
    strict = RateLimits(parallel=3, requests_per_minute=10).within(RateLimits(requests_per_minute=20, tokens_per_minute=7))
    assert strict == RateLimits(parallel=3, requests_per_minute=10, tokens_per_minute=7)
