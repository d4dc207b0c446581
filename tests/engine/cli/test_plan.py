"""`promptwire plan` prints bounds of calls and cost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app
from promptwire.errors import UsageError


def said(*words: str) -> str:
    result = CliRunner().invoke(app, ["plan", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_exact_counts_and_upper_bounds_are_distinguished() -> None:
    text = said("ape", "--task", "topics", "--model", "scripted:echo")
    assert "free of charge" in text
    (proposals,) = [line.split() for line in text.splitlines() if line.startswith("proposals")]
    assert proposals[:4] == ["proposals", "generate", "meta", "50"]
    assert "at most" in next(line for line in text.splitlines() if line.startswith("survivors"))


def test_a_plan_for_the_embedded_model_writes_no_file(tmp_path: Path) -> None:
    assert "local: runs here, free of charge" in said("ape", "--task", "topics")
    assert list(tmp_path.iterdir()) == []


def test_prices_are_printed_and_a_missing_price_is_named() -> None:
    assert "about $" in said("ape", "--task", "topics", "--model", "openai/gpt-4o-mini", "--metric", "exact")
    mixed = said("ape", "--task", "planted", "--model", "task=scripted:echo,meta=openai/none-such")
    assert "price unknown" in mixed
    assert "openai/none-such: not in litellm's price list" in mixed


def test_after_a_run_cached_calls_are_subtracted() -> None:
    words = ("ape", "--task", "planted", "--model", "scripted:planted", "-p", "draws=1", "-p", "n=2")
    assert "in cache" not in said(*words)
    assert CliRunner().invoke(app, ["run", *words]).exit_code == 0
    assert "all 3 steps replay from the cache: no new call" in said(*words)
    more = said(*words[:-1], "n=3")
    assert "completions are in the cache" in more and "in cache" in more


def test_json_holds_the_bounds_with_params_applied() -> None:
    plan = json.loads(said("ape", "--task", "topics", "--json", "-p", "draws=2", "-p", "n=3"))
    assert (plan["steps"][0]["path"], plan["steps"][0]["least"], plan["steps"][0]["most"]) == ("proposals", 6, 6)
    assert plan["total"]["most"] == sum(step["most"] for step in plan["steps"])
    assert plan["total"]["tokens_out"] == sum(step["tokens_out"] for step in plan["steps"])


@pytest.mark.parametrize("words", [("ape", "--task", "nowhere"), ("nowhere", "--task", "topics")])
def test_an_unknown_pipeline_or_task_is_refused(words: tuple[str, ...]) -> None:
    assert isinstance(CliRunner().invoke(app, ["plan", *words]).exception, UsageError)
