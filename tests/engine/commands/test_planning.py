"""`plan` as a person or a script uses it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from promptwire.cli import app
from promptwire.errors import UsageError


def said(*words: str) -> str:
    result = CliRunner().invoke(app, ["plan", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_it_says_what_is_exact_and_what_is_a_bound() -> None:
    text = said("ape", "--task", "topics", "--model", "scripted:echo")
    assert "free of charge" in text
    (proposals,) = [line.split() for line in text.splitlines() if line.startswith("proposals")]
    assert proposals == ["proposals", "generate", "50", "meta"]
    assert "at most" in next(line for line in text.splitlines() if line.startswith("survivors"))


@pytest.mark.parametrize("models", [(), ("--model", "openai/gpt-4o-mini"), ("--model", "task=local,meta=openai/gpt-4o")])
def test_a_price_that_is_not_known_is_said_and_not_guessed(models: tuple[str, ...]) -> None:
    assert "price unknown" in said("ape", "--task", "topics", *models)


def test_json_has_the_numbers_and_params_count() -> None:
    plan = json.loads(said("ape", "--task", "topics", "--json", "-p", "draws=2", "-p", "n=3"))
    assert (plan["steps"][0]["path"], plan["steps"][0]["least"], plan["steps"][0]["most"]) == ("proposals", 6, 6)
    assert plan["total"]["most"] == sum(step["most"] for step in plan["steps"])


@pytest.mark.parametrize("words", [("ape", "--task", "nowhere"), ("nowhere", "--task", "topics")])
def test_what_is_not_there_is_refused(words: tuple[str, ...]) -> None:
    assert isinstance(CliRunner().invoke(app, ["plan", *words]).exception, UsageError)
