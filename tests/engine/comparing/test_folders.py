"""Comparison of run folders that exist: read, named by what differs, filled with what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptwire.comparing.folders import read_folders
from promptwire.errors import UsageError
from tests.page_runs import page_run


def run_folder(
    at: Path, *, pipeline: str = "ape", seed: int = 0, task: str = "mood", model: str = "m", rows: bool = True
) -> Path:
    """A folder with the record and the rows of a run."""
    at.mkdir(parents=True)
    known = {
        "pipeline": pipeline,
        "task": task,
        "seed": seed,
        "metric": "exact",
        "models": {"task": model},
        "ended": 1,
        "how": "failed",
        "error": "late",
    }
    (at / "state.json").write_text(json.dumps(known))
    if rows:
        line = {"path": "report", "round": "", "element": "test", "outputs": {"pairs": [["a", 0.0, 1.0], ["b", 0.0, 0.0]]}}
        (at / "values.jsonl").write_text(json.dumps(line) + "\n")
    return at


def test_folders_become_cells_and_what_lies_between_them_is_missing(tmp_path: Path) -> None:
    folders = [run_folder(tmp_path / "1"), run_folder(tmp_path / "2", seed=1), run_folder(tmp_path / "3", pipeline="pe2")]
    found, notes = read_folders(folders)
    assert [(one.row, one.seed, dict(one.best)) for one in found] == [
        ("ape", 0, {"a": 1.0, "b": 0.0}), ("ape", 1, {"a": 1.0, "b": 0.0}), ("pe2", 0, {"a": 1.0, "b": 0.0}), ("pe2", 1, {}),
    ]  # fmt: skip
    assert (found[3].state, found[3].why, notes) == ("missing", "no run folder was given", [])


def test_runs_of_one_pipeline_with_other_models_are_other_rows(tmp_path: Path) -> None:
    found, _ = read_folders([run_folder(tmp_path / "1", model="small"), run_folder(tmp_path / "2", model="large")])
    assert [one.row for one in found] == ["ape models.task=small", "ape models.task=large"]


def test_of_several_runs_of_a_cell_the_newest_with_a_result_counts(tmp_path: Path) -> None:
    folders = [run_folder(tmp_path / "1"), run_folder(tmp_path / "2"), run_folder(tmp_path / "3", rows=False)]
    found, notes = read_folders(folders)
    assert [Path(one.run).name for one in found] == ["2"]
    assert notes == ["ape on mood, seed 0: of several runs the newest with a result counts"]


def test_what_is_no_run_is_left_out_with_a_note_and_alone_it_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found, notes = read_folders([tmp_path / "empty", run_folder(tmp_path / "1")])
    assert len(found) == 1 and len(notes) == 1 and notes[0].startswith("left out: ") and "empty" in notes[0]
    with pytest.raises(UsageError, match="none of these folders") as caught:
        read_folders([tmp_path / "empty", *(tmp_path / f"gone{n}" for n in range(5))])
    assert "gone3" in caught.value.hint and "gone4" not in caught.value.hint and caught.value.hint.endswith("and 1 more")
    with pytest.raises(UsageError, match="none of these folders"):
        read_folders([tmp_path / "empty", tmp_path / "gone"])


def test_a_run_without_rows_is_a_cell_without_a_result(tmp_path: Path) -> None:
    found, _ = read_folders([run_folder(tmp_path / "1", rows=False)])
    assert (found[0].state, found[0].why, dict(found[0].best)) == ("failed", "late", {})


def test_a_failed_run_is_a_cell_of_the_task_that_a_finished_run_of_the_same_content_names(tmp_path: Path) -> None:
    folders = [page_run(tmp_path / name) for name in "123"]
    told = [("labels", "x"), ("tasks/m.yaml", "x"), ("tasks/m.yaml", "y")]
    for seed, (folder, (task, content)) in enumerate(zip(folders, told, strict=True)):
        known = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(json.dumps({**known, "task": task, "seed": seed, "fingerprint": content}))
        if seed:
            (folder / "report.json").unlink()
    found, _ = read_folders(folders)
    assert [(one.task, one.seed) for one in found if one.run] == [("labels", 0), ("labels", 1), ("m", 2)]
