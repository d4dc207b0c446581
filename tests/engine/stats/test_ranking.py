"""Ranking: means first, then fixed rules for ties."""

from __future__ import annotations

from promptwire.stats.ranking import merit, ranked
from promptwire.values import Prompt, Prompts, Row, Scores

A, B, C = (Prompt(text=text) for text in "zyx")


def row(prompt: Prompt, example: str, value: float, likelihood: float | None = None) -> Row:
    return Row(prompt.id, example, "", "", value, True, likelihood)


def order(*rows: Row) -> list[str]:
    prompts = Prompts(items=(A, B, C))
    return [prompt.text for prompt in ranked(prompts, Scores(prompts=prompts, rows=rows))]


def test_the_higher_mean_is_first_and_the_unscored_last() -> None:
    assert order(row(B, "1", -3.0), row(C, "1", -1.0)) == ["x", "y", "z"]


def test_ties_go_to_the_higher_likelihood_of_the_right_label() -> None:
    assert order(row(A, "1", 1, -0.9), row(B, "1", 1, -0.1), row(C, "1", 1, -0.5)) == ["y", "x", "z"]


def test_further_ties_go_to_more_scored_examples() -> None:
    assert order(row(A, "1", 1), row(B, "1", 1), row(B, "2", 1), row(C, "1", 1)) == ["y", "z", "x"]


def test_last_ties_go_to_the_written_order() -> None:
    assert order(row(C, "1", 1), row(B, "1", 1), row(A, "1", 1)) == ["z", "y", "x"]


def test_a_prompt_without_rows_ranks_below_any_score() -> None:
    assert merit(()) < merit([row(A, "1", -100.0)])
