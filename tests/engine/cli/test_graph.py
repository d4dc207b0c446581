"""`promptwire graph` draws to the terminal or to a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app
from promptwire.errors import UsageError


def test_text_and_mermaid_are_printed_with_patches_applied() -> None:
    text = CliRunner().invoke(app, ["graph", "opro"]).output
    assert "repeat $steps" in text
    assert CliRunner().invoke(app, ["graph", "opro", "--format", "mermaid"]).output.split("\n")[3] == "flowchart TD"
    assert "repeat 3" in CliRunner().invoke(app, ["graph", "opro", "--set", "search.repeat=3"]).output


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("p.svg", b"<?xml"),
        ("p.PNG", b"\x89PNG"),
        ("p.mmd", b"---\ntitle: "),
        ("p.dot", b"digraph"),
        ("p.txt", b"opro:"),
        ("p.json", b"{"),
        ("p.graphml", b"<graphml"),
    ],
)
def test_the_file_names_ending_chooses_the_format(tmp_path: Path, name: str, start: bytes) -> None:
    done = CliRunner().invoke(app, ["graph", "opro", "-o", str(tmp_path / name)])
    assert (done.exit_code, done.output.strip()) == (0, str(tmp_path / name))
    assert (tmp_path / name).read_bytes().startswith(start)


def test_format_overrides_the_ending_and_prints_without_a_file(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["graph", "opro", "-o", str(tmp_path / "p.txt"), "--format", "svg"])
    assert (tmp_path / "p.txt").read_bytes().startswith(b"<?xml")
    assert CliRunner().invoke(app, ["graph", "opro", "--format", "svg"]).output.startswith("<?xml")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "png"], "name a file: -o picture.png"),
        (["-o", "p.jpeg"], "end the name in .svg, .png"),
        (["-o", "nowhere/p.txt"], "can't be written"),
        (["--from", "search.idea"], "did you mean 'search.ideas'?"),
        (["--lineage"], "there is no run"),
    ],
)
def test_an_impossible_output_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    error = CliRunner().invoke(app, ["graph", "opro", *words]).exception
    assert isinstance(error, UsageError)
    assert said in str(error)


def test_from_marks_what_can_change_in_text_and_json() -> None:
    text = CliRunner().invoke(app, ["graph", "opro", "--from", "best"]).output
    assert [line.split()[1] for line in text.splitlines() if "(changes)" in line] == ["best", "prompt"]
    found = json.loads(CliRunner().invoke(app, ["graph", "opro", "--from", "best", "--format", "json"]).output)
    assert [node["id"] for node in found["nodes"] if node.get("changes")] == ["best", "outputs.prompt"]
