"""bench/results.py makes runs that can be made, one file each, and publishes nothing of public data."""

from __future__ import annotations

import importlib
import json
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest

from promptwire.language.check import load_graph

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def results() -> ModuleType:
    """The script."""
    sys.path.insert(0, str(ROOT / "bench"))
    try:
        return importlib.import_module("results")
    finally:
        sys.path.remove(str(ROOT / "bench"))


def test_each_pipeline_takes_the_settings_of_its_command(results: ModuleType) -> None:
    for name, command in results.PIPELINES.items():
        pipeline, *words = shlex.split(command)
        given = dict(word.split("=", 1) for flag, word in zip(words[::2], words[1::2], strict=True) if flag == "-p")
        sets = dict(word.split("=", 1) for flag, word in zip(words[::2], words[1::2], strict=True) if flag == "--set")
        assert pipeline.startswith(name)
        load_graph(pipeline, params=given, patches=sets)


def test_every_task_meets_every_pipeline_and_two_tasks_three_seeds(results: ModuleType) -> None:
    made = list(results.runs())
    tasks = len(results.SHIPPED) + len(results.PUBLIC)
    assert tasks >= 8
    assert len(made) == len(set(made)) == len(results.PIPELINES) * (tasks + 2 * len(results.REPEATED))
    assert {run.task for run in results.runs("-opro-2")} == set(results.REPEATED)


def test_a_public_task_is_cut_and_says_nothing_about_itself(
    results: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "ROOT", tmp_path)
    (tmp_path / "ii_larger_animal").mkdir()
    rows = [{"input": f"ant, cow {number}", "output": f"cow {number}"} for number in range(300)]
    for split in ("train", "test"):
        (tmp_path / "ii_larger_animal" / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    results.prepare("ii_larger_animal", tmp_path)
    folder = tmp_path / results.PREPARED / "ii_larger_animal"
    assert [len((folder / f"{split}.jsonl").read_text().splitlines()) for split in ("train", "test")] == [120, 120]
    assert set(json.loads((folder / "task.yaml").read_text())) == {"promptwire", "task", "prompt", "metric", "data", "settings"}


def test_a_run_is_made_once_and_its_bundle_is_kept(
    results: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "RESULTS", tmp_path / "results")
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "cache"))
    run = results.Run("planted", "random-search", 0)
    assert results.make(run, "scripted:planted", None).startswith("gain ")
    assert run.file.is_file()
    assert results.make(run, "scripted:planted", None) == "has its file already"
    assert results.make(results.Run("nothing", "ape", 0), "scripted:planted", None).startswith("failed: ")
    assert results.make(results.Run("bbh_hyperbaton", "ape", 0), "scripted:planted", None).startswith("skipped: ")
