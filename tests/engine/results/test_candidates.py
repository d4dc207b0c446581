"""Candidates of a search: their score is the metric's, a mean or a statistic of all answers."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.results.candidates import collect
from promptwire.values import Prompt

PROMPT = Prompt(text="Sort it.")


def line(metric: str, answers: str, **rest: Any) -> dict[str, Any]:
    """A line of values.jsonl with these answers, one letter an example; three a and one b are right."""
    rows = [
        {"prompt": PROMPT.id, "example": f"e{place}", "answer": answer, "value": float(truth == answer), "truth": truth, **rest}
        for place, (truth, answer) in enumerate(zip("aaab", answers, strict=True))
    ]
    scores = {"metric": metric, "prompts": {"items": [PROMPT.model_dump(mode="json")]}, "rows": rows}
    return {"path": "search.keep", "round": "0", "n": 1, "t": 1.0, "outputs": {"scores": scores}}


@pytest.mark.parametrize(
    ("metric", "score"), [("exact", 0.75), ("macro-f1", 3 / 7), ("balanced-accuracy/choice", 0.5), ("matthews", 0.0)]
)
def test_the_score_of_a_candidate_is_that_of_its_metric(metric: str, score: float) -> None:
    (found,) = collect([line(metric, "aaaa")]).candidates({}, metric)
    assert found.score == pytest.approx(score) and found.scores[0].mean == pytest.approx(score)
    assert found.values == {"e0": 1.0, "e1": 1.0, "e2": 1.0, "e3": 0.0}


def test_a_candidate_that_was_never_scored_has_no_score() -> None:
    outputs = {"prompts": {"items": [{**PROMPT.model_dump(mode="json")}]}}
    (found,) = collect([{"path": "ideas", "outputs": outputs}]).candidates({}, "macro-f1")
    assert (found.score, found.scores, found.values) == (None, (), {})


@pytest.mark.parametrize(("metric", "rest"), [("spearman", {}), ("macro-f1", {"truth": ""}), ("macro-f1", {"truth": None})])
def test_damaged_rows_that_a_score_over_all_answers_cannot_be_made_of_have_no_score(metric: str, rest: dict[str, Any]) -> None:
    """Labels are no numbers, and without right answers there are no labels."""
    (found,) = collect([line(metric, "xxxx", **rest)]).candidates({}, metric)
    assert found.score is None
