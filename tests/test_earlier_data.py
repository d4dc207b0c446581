"""Data stored by an earlier version: it is read, and a run over it makes no call and ends the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from promptwire.api import run
from promptwire.bundles.replay import replay
from promptwire.cache.import_export import export_responses, import_responses
from promptwire.cache.maintenance import verify
from promptwire.options import Options
from promptwire.results.call_diff import PARTS, read_calls

BEFORE = Path(__file__).parent / "earlier_data"
ANSWERS = 183
SCORES = {"exact": (0.4, 0.8), "judged": (0.55, 0.85), "chosen": (0.4, 0.8), "likely": (-1.4237, -0.5448)}
"""Held-out score of the initial and the best prompt, by task."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: a copy of the pipeline, its templates and its tasks."""
    shutil.copytree(BEFORE, tmp_path / "before", ignore=shutil.ignore_patterns("cache", "answers.jsonl", "*.bundle.jsonl"))
    monkeypatch.chdir(tmp_path / "before")
    return tmp_path


def runs_without_a_call(task: str) -> None:
    """Run the pipeline on `task` from the cache alone, and compare with what came out before."""
    report = run("search.yaml", f"{task}.yaml", Options(models={"task": "scripted:model.yaml"}, seed=3, cache="only"))
    assert (report.calls.new, report.calls.failed, report.prompt) == (0, 0, "Fruit or tool, please.")
    assert (report.test.initial.score, report.test.best.score) == pytest.approx(SCORES[task], abs=1e-4)


@pytest.mark.parametrize("task", SCORES)
def test_a_run_over_an_earlier_cache_folder_makes_no_call(task: str, here: Path) -> None:
    shutil.copytree(BEFORE / "cache", here / "cache")
    assert verify(here / "cache") == (ANSWERS, [])
    runs_without_a_call(task)


@pytest.mark.parametrize("task", SCORES)
def test_a_run_over_an_earlier_export_makes_no_call(task: str, here: Path) -> None:
    assert import_responses(BEFORE / "answers.jsonl", here / "cache") == (ANSWERS, ANSWERS, 0)
    runs_without_a_call(task)


def test_an_earlier_cache_folder_is_exported_as_before(here: Path) -> None:
    shutil.copytree(BEFORE / "cache", here / "cache")
    assert export_responses(here / "cache", here / "again.jsonl") == ANSWERS
    assert (here / "again.jsonl").read_text() == (BEFORE / "answers.jsonl").read_text()


def test_an_earlier_bundle_replays_without_a_call() -> None:
    report = replay(BEFORE / "judged.bundle.jsonl")
    assert (report.calls.new, report.calls.failed, report.prompt) == (0, 0, "Fruit or tool, please.")


def test_the_record_of_an_earlier_run_is_read() -> None:
    calls = read_calls(BEFORE, "graded")
    assert len(calls) == 6 and all(call.new for call in calls)
    assert {call.parts[PARTS.index("kind")] for call in calls} == {'"generate"'}
    assert {call.parts[PARTS.index("settings")] for call in calls} == {'{"max_tokens":8,"temperature":0.0}'}
    keys = {json.loads(line)["key"] for line in (BEFORE / "answers.jsonl").read_text().splitlines()[1:]}
    assert {call.key for call in read_calls(BEFORE, "")} <= keys
