"""`promptwire new`, and the run that it proposes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app


@pytest.mark.heavy
@pytest.mark.parametrize("source", ["ape", "apo"])
def test_the_starter_folder_runs_at_once(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(app, ["new", "mine", "--from", source])
    assert made.exit_code == 0, made.output
    command = made.output.splitlines()[-1].partition("&& promptwire ")[2].split()
    monkeypatch.chdir(tmp_path / "mine")
    result = CliRunner().invoke(app, [*command, "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["test"]["best"]["score"] > report["test"]["initial"]["score"]
