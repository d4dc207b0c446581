"""`promptwire models` lists, fetches and removes model files."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app
from promptwire.errors import PromptwireError


def test_a_missing_file_is_listed_as_absent_and_removing_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTWIRE_MODELS", str(tmp_path))
    assert "absent" in CliRunner().invoke(app, ["models"]).output
    assert CliRunner().invoke(app, ["models", "--remove", "local"]).output == "local is not downloaded\n"


@pytest.mark.parametrize("flag", ["--fetch", "--remove"])
def test_an_unknown_model_is_one_error(flag: str) -> None:
    assert isinstance(CliRunner().invoke(app, ["models", flag, "lokal"]).exception, PromptwireError)
