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


def test_known_models_and_files_of_hubs_are_listed_with_state_and_licence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPTWIRE_MODELS", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "hub" / "acme" / "tiny@main").mkdir(parents=True)
    (tmp_path / "hub" / "acme" / "tiny@main" / "m.gguf").write_bytes(bytes(2_000_000))
    (tmp_path / ".qwen2.5-coder-0.5b-instruct-q4_k_m.gguf.part").write_bytes(bytes(50_000_000))
    lines = CliRunner().invoke(app, ["models"]).output.splitlines()
    rows = {line.split()[0]: line for line in lines}
    assert "absent" in rows["local:qwen2.5-coder-1.5b"]
    assert "1117 MB" in rows["local:qwen2.5-coder-1.5b"]
    assert "Apache-2.0" in rows["local:qwen2.5-coder-1.5b"]
    assert "10% fetched" in rows["local:qwen2.5-coder-0.5b"]
    assert "2 MB" in rows["local:hf:acme/tiny/m.gguf"]
    assert lines[-1] == f"files in {tmp_path}"
    assert "removed" in CliRunner().invoke(app, ["models", "--remove", "local:hf:acme/tiny/m.gguf"]).output
    assert "removed" in CliRunner().invoke(app, ["models", "--remove", "local:qwen2.5-coder-0.5b"]).output
    assert "hf:" not in CliRunner().invoke(app, ["models"]).output


@pytest.mark.parametrize("flag", ["--fetch", "--remove"])
def test_an_unknown_model_is_one_error(flag: str) -> None:
    assert isinstance(CliRunner().invoke(app, ["models", flag, "lokal"]).exception, PromptwireError)
