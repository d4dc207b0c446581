"""`promptwire sweep`: what it prints, what it runs, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from promptwire.cli.app import app
from promptwire.errors import PromptwireError
from promptwire.options import runs_folder
from promptwire.registry import plugins
from promptwire.sweeps.cells import done_cells
from tests.engine.sweeps.study import SWEEP, make_study


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sweep of four cells in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return make_study(tmp_path)


def sweep(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["sweep", *arguments])


def test_a_dry_run_lists_cells_and_bound_and_runs_nothing(study: Path) -> None:
    found = sweep("study.yaml", "--dry-run")
    assert found.exit_code == 0 and "4 cells (2 pipelines x 1 task x 2 seeds)" in found.stderr
    assert found.stdout.count("waiting") == 4 and "4 cells to run: at most" in found.stdout
    assert not runs_folder().exists()
    told = json.loads(sweep("study.yaml", "--dry-run", "--json", "--only", "one").stdout)
    assert [cell["to_run"] for cell in told["cells"]] == [True, True] and told["bound"]["calls"] > 0


def test_each_cell_has_a_line_and_the_table_follows(study: Path) -> None:
    found = sweep("study.yaml")
    assert found.exit_code == 0
    lines = [line for line in found.stderr.splitlines() if line.startswith(("1/4", "2/4", "3/4", "4/4"))]
    assert len(lines) == 4 and "one on mood, seed 0: 0.500 -> " in lines[1] and "new calls" in lines[1]
    assert "4 cells to run in one process: at most" in found.stderr and "tokens" in found.stderr
    assert "initial prompt" in found.stdout
    again = sweep("study.yaml")
    assert "4 done" in again.stderr and "cells to run" not in again.stderr and again.stdout == found.stdout


def test_a_failed_cell_is_shown_and_left_until_it_is_asked_for(study: Path, tmp_path: Path) -> None:
    study.write_text(
        SWEEP.replace("models: scripted:rules.yaml", "models: scripted:silent.yaml").replace("seeds: 2", "seeds: 1")
    )
    found = sweep("study.yaml")
    assert found.exit_code == 1 and found.stderr.count("failed: ") == 2 and "--retry-failed" in found.stderr
    later = sweep("study.yaml")
    assert later.exit_code == 1 and "2 cells failed; run again" in later.stderr
    assert "2 failed before" in later.stderr and "cells to run" not in later.stderr and "failed: one on mood" in later.stdout
    assert "failed: one on mood, seed 0" in sweep("study.yaml", "--dry-run").stdout
    retried = sweep("study.yaml", "--retry-failed", "-q")
    assert "2 cells to run" in retried.stderr and retried.exit_code == 1


def test_a_plugin_of_a_sweep_is_allowed_on_the_command_line(study: Path, tmp_path: Path) -> None:
    (tmp_path / "allowed_ideas.py").write_text("open('was_run', 'w').close()\n")
    assert "does not name the plug-in" in str(sweep("study.yaml", "--dry-run", "--plugins", "allowed_ideas.py").exception)
    (tmp_path / "was_run").unlink()
    plugins._FILES.pop("allowed-ideas")
    study.write_text(SWEEP + "plugins: allowed_ideas.py\n")
    refused = sweep("study.yaml", "--dry-run")
    assert refused.exit_code != 0 and not (tmp_path / "was_run").exists()
    allowed = sweep("study.yaml", "--dry-run", "--plugins", "allowed_ideas.py")
    assert allowed.exit_code == 0 and (tmp_path / "was_run").exists()


def test_a_missing_dask_is_told_before_the_bound_is_agreed_to(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.sweeps.dask_cluster.find_spec", lambda name: None)
    found = sweep("study.yaml", "--on", "local:2")
    assert "Dask is not installed" in str(found.exception) and "cells to run" not in found.stderr


def test_the_table_is_there_before_and_after_and_as_a_page_and_as_json(study: Path, tmp_path: Path) -> None:
    before = sweep("study.yaml", "--table")
    assert before.exit_code == 0 and before.stdout.count("it was not run") == 4 and not done_cells(runs_folder())
    sweep("study.yaml", "--only", "seed 0", "-q")
    told = json.loads(sweep("study.yaml", "--table", "--json").stdout)
    assert [cell["state"] for cell in told["cells"]] == ["finished", "finished", "missing", "missing"]
    page = sweep("study.yaml", "--table", "-o", "study.html")
    assert page.exit_code == 0 and "<html" in (tmp_path / "study.html").read_text()


def test_a_cost_above_the_threshold_is_asked_about_once_and_nothing_is_left_without_an_answer(study: Path) -> None:
    study.write_text(SWEEP.replace("models: scripted:rules.yaml", "models: openai/gpt-4o"))
    found = sweep("study.yaml", "--ask-above", "0")
    assert isinstance(found.exception, PromptwireError) and "no terminal to ask on" in str(found.exception)
    assert [path.name for path in runs_folder().iterdir()] == ["sweeps"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gone.yaml",), "there is no such file"),
        (("study.yaml", "--only", "onne"), "no cell matches"),
        (("study.yaml", "--on", "mars"), "'mars'"),
        (("study.yaml", "-o", "a.xyz"), "a.xyz"),
        (("study.yaml", "--cache", "maybe"), "cache"),
    ],
)
def test_what_can_not_be_is_an_error_before_anything_is_run(study: Path, arguments: tuple[str, ...], words: str) -> None:
    found = sweep(*arguments)
    assert isinstance(found.exception, PromptwireError) and words in str(found.exception) and not runs_folder().exists()


HEARS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import promptwire.cli.app as cli; cli.main()"
"""A shell starts what it runs in the background deaf to Ctrl-C, and so are the processes of tests that it runs there."""


def started(study: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HEARS, "sweep", study.name, "-q", *arguments]
    return subprocess.Popen(command, cwd=study.parent, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.heavy
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_after_a_stop_the_same_command_goes_on_and_ends_with_the_same_table(
    study: Path, tmp_path: Path, number: signal.Signals
) -> None:
    study.write_text(SWEEP.replace("seeds: 2", "seeds: 12"))
    process = started(study)
    end = time.monotonic() + 120
    while len(done_cells(runs_folder())) < 2 and time.monotonic() < end and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    done = len(done_cells(runs_folder()))
    assert process.returncode == (130 if number == signal.SIGINT else -9) and 2 <= done < 24
    assert "the same command goes on from here" in errors or number == signal.SIGKILL
    assert not list(runs_folder().rglob("*.part"))
    told: dict[str, Any] = json.loads(sweep("study.yaml", "--dry-run", "--json").stdout)
    assert sum(cell["to_run"] for cell in told["cells"]) == 24 - done
    found = sweep("study.yaml", "--json")
    assert found.exit_code == 0 and {cell["state"] for cell in json.loads(found.stdout)["cells"]} == {"finished"}
