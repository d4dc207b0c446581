"""The tables of docs/cluster.md are those of its figures, and bench/cluster.py writes what the page names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cluster_page import FIGURES, PAGE, written
from cluster_sweeps import outcome


def test_the_tables_of_the_page_are_made_from_its_figures() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "<!-- figures " in page
    assert written(page, FIGURES.read_text(encoding="utf-8")) == page, "python -m bench.cluster_page writes them"


def test_a_table_has_a_column_for_each_value_and_a_row_for_each_line() -> None:
    rows = [{"table": "x", "where": "here", "calls": 12345}, {"table": "x", "where": "there", "calls": 1}]
    page = "Before.\n<!-- figures x -->\nold\n<!-- end of figures -->\nAfter.\n"
    table = "| where | calls |\n| --- | ---: |\n| here | 12,345 |\n| there | 1 |\n"
    made = written(page, "\n".join(map(json.dumps, rows)))
    assert made == f"Before.\n<!-- figures x -->\n{table}<!-- end of figures -->\nAfter.\n"


def test_a_table_without_figures_is_an_error() -> None:
    with pytest.raises(KeyError):
        written("<!-- figures y -->\n<!-- end of figures -->", "")


def run_folder(
    folder: Path, *, seconds: float = 1.0, new: int = 5, prompt: str = "Say it.", lines: tuple[int, ...] = (1, 2)
) -> Path:
    """A run folder with the fields that `outcome` reads."""
    folder.mkdir()
    report = {"prompt": prompt, "seconds": seconds, "run": str(folder), "calls": {"new": new, "cached": 10 - new, "failed": 0}}
    (folder / "report.json").write_text(json.dumps(report))
    (folder / "best.json").write_text(json.dumps({"prompt": prompt}))
    for name in ("values", "calls"):
        made = ({"n": place, "t": seconds * place, "key": str(line), "new": new > 5} for place, line in enumerate(lines))
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in made))
    return folder


def test_outcomes_are_equal_for_other_times_payers_and_orders_and_differ_for_another_result(tmp_path: Path) -> None:
    one = outcome(run_folder(tmp_path / "one"))
    assert outcome(run_folder(tmp_path / "two", seconds=9.0, lines=(2, 1))) == one
    assert outcome(run_folder(tmp_path / "three", prompt="Name it.")) != one
    assert outcome(run_folder(tmp_path / "four", lines=(1, 3))) != one
