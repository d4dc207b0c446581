"""`promptwire nodes` lists node types and prints the page of one."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app
from promptwire.errors import UsageError


def nodes(*words: str) -> str:
    result = CliRunner().invoke(app, ["nodes", *words])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("words", [("edit",), ("show", "edit")])
def test_a_name_prints_the_page_of_that_node_type(words: tuple[str, ...]) -> None:
    assert "step_size" in nodes(*words)


def test_without_a_name_all_node_types_are_listed_with_ports() -> None:
    text = " ".join(nodes().split())
    assert "filter-subset" in text and "prompts: Prompts" in text


def test_two_names_are_refused() -> None:
    assert isinstance(CliRunner().invoke(app, ["nodes", "edit", "cap"]).exception, UsageError)
