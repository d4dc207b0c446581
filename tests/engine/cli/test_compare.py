"""`compare`: one bound, then tables; run folders; mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from promptwire.cli.app import app

ONE = ["random-search -p n=1 -p pulls=20", "--task", "planted", "--model", "scripted:planted", "--no-baseline"]
TWO = ["random-search -p n=2 -p pulls=20", *ONE]


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["compare", *words])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_comparison_prints_its_bound_then_its_tables_and_runs_nothing_again() -> None:
    first = run(*TWO, "--seeds", "2", "-q")
    assert first.exit_code == 0, first.output
    assert first.stderr.startswith("4 runs to make: at most ") and "new calls together, free of charge" in first.stderr
    shown = first.stdout
    assert "planted (n=64)" in shown and "win/tie/loss against" in shown and "calls a run" in shown
    assert "comparisons corrected together (Holm, 5 %)" in shown
    again = run(*TWO, "--seeds", "2", "-q")
    assert (again.stdout, again.stderr) == (shown, "")
    more = run(*TWO, "--seeds", "0,1,5", "--json")
    assert more.stderr.startswith("2 runs to make; 4 are there: ")
    table = json.loads(more.stdout)
    assert table["seeds"] == [0, 1, 5] and len(table["cells"]) == 6 and len(table["contrasts"]) == 3
    folders = [cell["run"] for cell in table["cells"]]
    for form, begin in (("markdown", "| exact | planted"), ("latex", "\\begin{tabular}"), ("csv", "row,task,seed,state")):
        written = run("--runs", *folders, "--format", form)
        assert written.exit_code == 0 and written.stdout.startswith(begin)
    assert [(curve["row"], curve["seed"]) for curve in table["curves"]] == [(one["row"], one["seed"]) for one in table["cells"]]
    curves = run("--runs", *folders, "--format", "curves").stdout.splitlines()
    assert curves[0] == "row,task,seed,score,examples,calls,tokens,usd,seconds,heldout" and len(curves) > 2 * len(folders)
    page = run("--runs", *folders, "-o", "page.html")
    assert page.stdout.splitlines()[-1].startswith("page.html: ") and "win/tie/loss against" in page.stdout
    assert Path("page.html").read_text().startswith("<!doctype html>")
    assert run("--runs", *folders, "-o", "found.json").exit_code == 0
    assert json.loads(Path("found.json").read_text())["seeds"] == [0, 1, 5]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["ape"], "an empty comparison"),
        (["ape", "ape", "--task", "planted"], "two pipelines are called 'ape'"),
        ([*ONE, "--seeds", "0"], "names no seeds"),
        ([*ONE, "--seeds", "1,1"], "names no seeds"),
        ([*ONE, "--seeds", "many"], "neither a number nor a list"),
        (["--runs", "gone"], "none of these folders is a run"),
        ([*ONE, "-o", "page.pdf"], "unknown format of 'page.pdf'"),
        (["no-such", "--task", "planted"], "no-such"),
        (["ape", "--task", "no-such"], "no-such"),
    ],
)
def test_a_mistake_is_one_error_before_any_run(words: list[str], problem: str, tmp_path: Path) -> None:
    result = run(*words)
    assert result.exit_code == 1 and problem in str(result.exception)
    assert not (tmp_path / ".promptwire" / "runs").exists()


def test_a_bound_above_the_price_is_asked_for() -> None:
    hosted = [
        *ONE[:-1],
        "--model",
        "task=scripted:planted,meta=openai/gpt-4o",
        "--no-baseline",
        "--seeds",
        "1",
        "--ask-above",
        "0",
    ]
    result = run(*hosted, "-q")
    assert result.exit_code == 1 and "no terminal to ask on" in str(result.exception)
