"""`graph` as a person types it."""

from __future__ import annotations

from typer.testing import CliRunner

from promptwire.cli import app


def test_both_forms_are_printed_and_params_count() -> None:
    text = CliRunner().invoke(app, ["graph", "opro"]).output
    assert "╭─ search" in text
    assert "repeat $steps" in text
    assert CliRunner().invoke(app, ["graph", "opro", "--format", "mermaid"]).output.startswith("flowchart TD")
    assert "repeat 3" in CliRunner().invoke(app, ["graph", "opro", "--set", "search.repeat=3"]).output


def test_an_unknown_form_is_refused() -> None:
    assert CliRunner().invoke(app, ["graph", "opro", "--format", "png"]).exit_code == 2
