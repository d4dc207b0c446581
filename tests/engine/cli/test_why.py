"""`promptwire why` names the parts of calls that differ between runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app
from promptwire.errors import PromptwireError


def test_a_change_of_seed_is_named_with_both_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["run", "ape-paraphrase", "--task", "planted", "--model", "scripted:planted", "--json", "-p", "n=4"]
    small = ["-p", "scored_on=8", "-p", "first=4", "-p", "width=2"]
    runs = []
    for more in ([], ["--seed", "1"]):
        done = CliRunner().invoke(app, [*words, *small, *more])
        assert done.exit_code == 0, done.output
        runs.append(Path(json.loads(done.stdout)["run"]))
    said = CliRunner().invoke(app, ["why", runs[1].name, "proposals", str(runs[0])]).stdout
    assert "proposals: 4 calls, 4 new, 0 from the cache" in said
    assert '4 differ in: draw stream (run seed/rounds of the loops) ("0/" -> "1/")' in said
    said = CliRunner().invoke(app, ["why", runs[0].name, "proposals"]).stdout
    assert "there is no earlier run" in said


def test_an_unknown_run_is_one_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["why", "none", "step"])
    assert isinstance(result.exception, PromptwireError) and "there is no run 'none'" in str(result.exception)
