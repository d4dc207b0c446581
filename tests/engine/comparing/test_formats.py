"""Tables of a comparison as grids, Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from promptwire.comparing.cell_results import CellResult
from promptwire.comparing.formats import (
    cost_grid,
    csv_text,
    latex_text,
    legend,
    markdown_text,
    missing_lines,
    record_grid,
    score_grid,
)
from promptwire.comparing.table import make_table
from tests.engine.comparing.cells import result, world

FAILED = CellResult("ape", "mood", 3, "failed", "no answer\nmore")
TABLE = make_table([*world({"random-search": 0.3, "ape": 0.9}), FAILED])


def test_scores_mark_only_differences_that_survive_the_correction() -> None:
    grid = score_grid(TABLE)
    assert grid.heads == ("exact", "mood (n=60)")
    by_row = dict(grid.rows)
    assert by_row["ape"].endswith("] (3 of 4 seeds) *†")
    assert by_row["random-search"].endswith("]")
    assert by_row["initial prompt"].endswith("]")


def test_a_record_counts_wins_ties_and_losses_over_tasks() -> None:
    grid = record_grid(make_table(world({"random-search": 0.3, "ape": 0.9}, tasks=("mood", "sums"))))
    assert grid.rows == [("random-search", "0/2/0", "-", "0/0/2"), ("ape", "2/0/0", "2/0/0", "-")]


def test_costs_are_given_alone_and_with_the_shared_cache() -> None:
    assert cost_grid(TABLE).rows[1] == ("ape", "3 of 4", "100", "180", "0.7500", "6")
    unknown = make_table([replace(result("ape"), usd=None)])
    assert cost_grid(unknown).rows[0][4] == "unknown"


def test_cells_without_a_result_and_cut_short_ones_are_listed() -> None:
    short = replace(result("pe2"), state="cut short", why="limit of 100 calls")
    lines = list(missing_lines(make_table([FAILED, short])))
    assert lines == ["failed: ape on mood, seed 3: no answer", "1 of 2 runs were ended by a limit (limit of 100 calls)"]


def test_markdown_holds_all_tables_and_escapes_names() -> None:
    text = markdown_text(make_table([result("a|b_c"), FAILED]))
    assert "| a\\|b\\_c |" in text and text.count("\n|---|") == 3
    assert legend(TABLE).startswith("* differs from the initial prompt, † from random-search")
    assert "- failed: ape on mood, seed 3: no answer" in text


def test_latex_escapes_what_would_end_the_table() -> None:
    text = latex_text(make_table([result("50% a&b_c")]))
    assert "50\\% a\\&b\\_c & " in text
    assert "\n{}[a] two lines & " in latex_text(make_table([result("[a]\n\ntwo  lines")]))
    assert text.startswith("\\begin{tabular}{lr}") and "\\end{tabular}" in text


def test_csv_has_a_line_for_each_cell_and_starts_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(make_table([replace(result("ape"), prompt='=cmd("x")\nnext'), FAILED])))))
    assert [(row["row"], row["seed"], row["state"]) for row in rows] == [("ape", "0", "finished"), ("ape", "3", "failed")]
    assert rows[0]["prompt"] == '\'=cmd("x")\nnext'
    assert (rows[0]["usd"], rows[1]["best"]) == ("0.25", "")


def test_many_cells_without_a_result_for_one_reason_are_counted() -> None:
    cells = [CellResult("ape", "mood", seed, "missing", "it was not run") for seed in range(1000)]
    cells += [CellResult("pe2", "mood", 0, "failed", "no key\nset one")]
    lines = list(missing_lines(make_table(cells)))
    assert lines[0] == "missing: ape on mood, seed 0: it was not run" and len(lines) == 8
    assert lines[6:] == ["missing: 994 more of 1,001 runs: it was not run", "failed: pe2 on mood, seed 0: no key"]
