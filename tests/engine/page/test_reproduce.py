"""The command that makes a run again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from promptwire.page.reproduce import page_reproduce, run_command
from promptwire.results.run import Run
from promptwire.results.run_settings import RunSettings
from tests.page_runs import page_run


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({}, []),
        ({"seed": 3}, ["--seed", "3"]),
        ({"models": {"task": "m", "meta": "m", "judge": "m"}}, ["--model", "m"]),
        ({"models": {"task": "m", "meta": "other"}}, ["--model", "task=m", "--model", "meta=other"]),
        ({"params": {"n": "2"}, "patches": {"a.b": "x y"}}, ["-p", "n=2", "--set", "a.b=x y"]),
        ({"limits": {"calls": 400.0, "usd": 0.5}}, ["--limit", "calls=400", "--limit", "usd=0.5"]),
        (
            {"changes": {"prompt": ["one", "it's"], "labels": ["a", "b"]}},
            ["--prompt", "one", "--prompt", "it's", "--labels", "a,b"],
        ),
        ({"repeats": 3}, ["--repeats", "3"]),
    ],
)
def test_the_command_has_what_the_run_was_started_with(settings: dict[str, Any], options: list[str]) -> None:
    command = run_command(RunSettings(pipeline="my file.yaml", task="t", **settings))
    assert shlex.split(command) == ["promptwire", "run", "my file.yaml", "--task", "t", *options]


def test_without_a_known_task_there_is_no_command() -> None:
    assert run_command(RunSettings(pipeline="ape")) == ""


def test_why_a_run_stopped_is_said(tmp_path: Path) -> None:
    assert page_reproduce(Run.open(page_run(tmp_path / "run")))["ended"] == "by itself"
    assert page_reproduce(Run.open(page_run(tmp_path / "cut", report=False)))["ended"].startswith("is in an unknown state: ")
