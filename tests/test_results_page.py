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
    assert {run.task for run in results.runs("-opro-small-2")} == set(results.REPEATED)


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


def test_of_a_public_task_no_text_of_its_examples_is_published(
    results: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the notes, not in left-out examples, and not where the best prompt copied it."""
    monkeypatch.setattr(results, "ROOT", tmp_path)
    monkeypatch.setattr(results, "PUBLIC_RESULTS", tmp_path / "public")
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "cache"))
    animals = [f"zebu{number}, yak{number}" for number in range(30)]
    for split, part in (("train", animals[:20]), ("test", animals[20:])):
        rows = [{"input": pair, "output": pair.split(", ")[0]} for pair in part]
        (tmp_path / "ii_larger_animal").mkdir(exist_ok=True)
        (tmp_path / "ii_larger_animal" / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    rules = [
        {"when": r"Choose:.*Input: (zebu\d+)", "expand": r"\1"},
        {"when": "Output:$", "reply": "yak"},
        {"reply": f"<variation>Choose: {animals[0]} -> zebu0.</variation>"},
    ]
    (tmp_path / "model.yaml").write_text(json.dumps(rules))
    run = results.Run("ii_larger_animal", "random-search", 0)
    said = results.make(run, f"scripted:{tmp_path / 'model.yaml'}", tmp_path)
    assert said.startswith("gain "), said
    text = run.file.read_text()
    found = json.loads(text)
    assert "zebu" not in text and "yak" not in text
    assert found["pairs"] == [[0.0, 1.0]] * 10
    assert results.COPIED in found["prompt"]
    assert found["command"] == run.command()
