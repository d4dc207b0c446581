"""`promptwire show` prints a pipeline as written or as it runs."""

from __future__ import annotations

from typer.testing import CliRunner

from promptwire.cli.app import app


def show(*words: str) -> str:
    result = CliRunner().invoke(app, ["show", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_without_options_the_file_is_printed_as_written() -> None:
    assert "extends: ./pe2.yaml" in show("apo")


def test_expanded_and_params_print_the_pipeline_as_it_runs() -> None:
    assert "extends" not in show("apo", "--expanded")
    assert "default: 9" in show("apo", "-p", "steps=9")
