"""`show` and `nodes` as a person types them."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app
from promptwire.errors import UsageError


def said(*words: str) -> str:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result.output


def test_show_prints_the_file_or_the_pipeline_that_it_means() -> None:
    assert "extends: ./pe2.yaml" in said("show", "apo")
    assert "extends" not in said("show", "apo", "--expanded")
    assert "default: 9" in said("show", "apo", "-p", "steps=9")


@pytest.mark.parametrize("words", [("nodes", "edit"), ("nodes", "show", "edit")])
def test_nodes_with_a_name_tells_all_about_it(words: tuple[str, ...]) -> None:
    assert "step_size" in said(*words)


def test_nodes_lists_them_all() -> None:
    assert "filter-subset" in said("nodes")


def test_two_names_are_refused() -> None:
    assert isinstance(CliRunner().invoke(app, ["nodes", "edit", "cap"]).exception, UsageError)


def test_schema_prints_json() -> None:
    assert json.loads(said("schema"))["title"] == "promptwire pipeline"
