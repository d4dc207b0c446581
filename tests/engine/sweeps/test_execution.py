"""Cells are run once, under one bound; a failed cell is told and does not stop the others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from promptwire.comparing.cell_results import results
from promptwire.comparing.table import make_table
from promptwire.gateway.idle_loop import run_loop
from promptwire.options import Options
from promptwire.results.run import Run
from promptwire.sweeps.baseline import with_baseline
from promptwire.sweeps.bound import bound_of
from promptwire.sweeps.execution import run_cells, split_done
from promptwire.sweeps.matrix import Cell, make_matrix, parse_row

RULES = """
- {when: 'How does.*Input: good', kind: choose, choose: positive}
- {when: 'How does.*Input: bad', kind: choose, choose: negative}
- {kind: choose, choose: positive}
- {kind: generate, reply: ["How does it feel?", "What is this?"]}
"""
FILMS = (0, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6)
"""Group of each example of a split."""
ROWS = ("random-search -p n=2 -p pulls=24", "random-search -p n=1 -p pulls=12")


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Options:
    """A task `mood` of two labels and a scripted model, in a folder of its own."""
    rows = [
        {"input": f"{word} {number}", "output": label}
        for number in range(12)
        for word, label in (("good", "positive"), ("bad", "negative"))
    ]
    (tmp_path / "mood").mkdir()
    for name, part in (("train", rows[:12]), ("test", rows[12:])):
        (tmp_path / "mood" / f"{name}.jsonl").write_text("\n".join(map(json.dumps, part)))
    (tmp_path / "rules.yaml").write_text(RULES)
    monkeypatch.chdir(tmp_path)
    task = {"prompt": "Classify.", "metric": "choice", "labels": ["positive", "negative"]}
    return Options(models={"task": "scripted:rules.yaml"}, task=task)


def cells(options: Options, rows: Sequence[str] = ROWS, seeds: Sequence[int] = (0, 1)) -> tuple[Cell, ...]:
    return make_matrix([parse_row(row) for row in rows], ["mood"], seeds, options)


def test_missing_cells_are_run_under_a_bound_and_found_again(options: Options) -> None:
    matrix = cells(options)
    known, missing = split_done(matrix)
    assert (known, missing) == ({}, matrix)
    bound, said = bound_of(missing), []
    found = run_loop(run_cells(missing, say=said.append))
    assert said[0] == "1/4  random-search n=2 pulls=24 on mood, seed 0" and len(said) == 4
    table = make_table(list(results(matrix, found)))
    made = sum(cell.calls_new or 0 for cell in table.cells)
    assert bound.cells == 4 and bound.usd == 0 and bound.calls is not None and made <= bound.calls
    assert [cell.state for cell in table.cells] == ["finished"] * 4
    again, left = split_done(matrix)
    assert (again, left) == (found, ())
    assert split_done(cells(options, seeds=(0, 1, 2)))[1] == tuple(cell for cell in cells(options, seeds=(2,)))


def test_cells_share_the_cache(options: Options) -> None:
    matrix = cells(options, seeds=(0,))
    table = make_table(list(results(matrix, run_loop(run_cells(matrix)))))
    later = table.cells[1]
    assert later.calls_new is not None and later.calls_alone is not None and later.calls_new < later.calls_alone


def test_a_failed_cell_does_not_stop_the_others(options: Options, tmp_path: Path) -> None:
    (tmp_path / "silent.yaml").write_text("- {kind: choose, choose: positive}\n")
    broken = cells(options.model_copy(update={"models": {"task": "scripted:silent.yaml"}}), seeds=(0,))[:1]
    whole = cells(options, seeds=(0,))[1:]
    said: list[str] = []
    found = run_loop(run_cells([*broken, *whole], say=said.append))
    table = make_table(list(results([*broken, *whole], found)))
    assert [cell.state for cell in table.cells] == ["failed", "finished"]
    assert table.cells[0].why and any(line.startswith("failed: ") for line in said)


def test_a_cell_that_was_not_run_is_missing(options: Options) -> None:
    table = make_table(list(results(cells(options), {})))
    assert {(cell.state, cell.why) for cell in table.cells} == {("missing", "it was not run")}


def test_the_baseline_makes_as_many_task_calls_as_the_optimizers(options: Options) -> None:
    matrix = with_baseline(cells(options, ["ape -p n=6"]))
    added = [cell for cell in matrix if cell.row == "random-search"]
    assert [cell.seed for cell in added] == [0, 1]
    pulls = int(added[0].options.params["pulls"])
    assert pulls >= 12 and added[0].options.params["n"] == str(pulls // 12)


def test_the_baseline_stays_within_a_limit_of_calls(options: Options) -> None:
    limited = options.model_copy(update={"limits": {"calls": 100.0}})
    added = with_baseline(cells(limited, ["ape -p n=50"]))[-1].options
    assert int(added.params["n"]) + int(added.params["pulls"]) + 2 * 12 <= 100


def test_a_baseline_that_is_named_is_not_added_again(options: Options) -> None:
    matrix = cells(options)
    assert with_baseline(matrix) == matrix


def test_one_seed_in_groups_has_the_verdict_of_its_run(options: Options, tmp_path: Path) -> None:
    for name in ("train", "test"):
        path = tmp_path / "mood" / f"{name}.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("\n".join(json.dumps({**row, "film": f"film {FILMS[place]}"}) for place, row in enumerate(rows)))
    grouped = options.model_copy(update={"task": {**options.task, "group": "film"}})
    matrix = cells(grouped, seeds=(0,))[:1]
    found = run_loop(run_cells(matrix))
    (folder,) = found.values()
    assert isinstance(folder, Path)
    report = Run.open(folder).report
    assert report is not None and report.verdict is not None and report.verdict.test == "clustered t"
    (contrast,) = make_table(list(results(matrix, found))).contrasts
    told = (contrast.gain, contrast.low, contrast.high, contrast.p, contrast.groups)
    verdict = report.verdict
    assert told == (verdict.gain, verdict.low, verdict.high, verdict.p, verdict.groups)
