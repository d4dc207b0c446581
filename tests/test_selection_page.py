"""The figures of bench/selection.py: the page and the picture show them, and what the page says of them is so."""

from __future__ import annotations

import random
import re
from pathlib import Path
from statistics import fmean

import pytest
import selection
from selection_policies import EACH, SETTINGS, Setting
from selection_scorers import EXAMPLES, SCORERS

ROOT = Path(__file__).parent.parent
FOUND = selection.read()
PAGE = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
STOPPED = {"uniform, early stop": "uniform", "successive-halving, early stop": "successive-halving"}


def figure(scorer: str, policy: str, each: int) -> selection.Figure:
    (found,) = [one for one in FOUND if (one["scorer"], one["policy"], one["params"].get("each")) == (scorer, policy, each)]
    return found


def test_every_policy_is_measured_on_every_scorer_with_200_seeds() -> None:
    assert [(one["scorer"], one["policy"], one["params"]) for one in FOUND] == [
        (scorer, setting.policy, dict(setting.params)) for scorer in SCORERS for setting in SETTINGS
    ]
    assert {one["seeds"] for one in FOUND} == {200}


def test_the_page_has_the_table_of_the_figures() -> None:
    assert selection.written(PAGE, FOUND) == PAGE


def test_the_picture_has_every_curve_and_asks_no_server() -> None:
    text = selection.PICTURE.read_text(encoding="utf-8")
    assert len(text) < 200_000
    assert set(re.findall(r"https?://[^\"]+", text)) == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert all(f">{name}<" in text for name in (*selection.CURVES, *SCORERS))


@pytest.mark.parametrize("scorer", SCORERS)
def test_early_stopping_has_the_same_regret_for_fewer_calls(scorer: str) -> None:
    for stopped, whole in STOPPED.items():
        for each in EACH:
            with_it, without = figure(scorer, stopped, each), figure(scorer, whole, each)
            assert with_it["regret"] == without["regret"]
            assert with_it["calls"] <= without["calls"]
    assert figure(scorer, "uniform, early stop", EXAMPLES)["calls"] < 0.95 * EXAMPLES


def test_large_batches_of_ucb_are_worse_than_equal_shares_where_pulls_are_few() -> None:
    regrets = {
        policy: fmean(figure(scorer, policy, 7)["regret"] for scorer in SCORERS)
        for policy in ("uniform", "ucb", "ucb, small batches", "successive-rejects")
    }
    assert regrets["ucb"] > 1.3 * regrets["uniform"]
    assert max(regrets["ucb, small batches"], regrets["successive-rejects"]) < 0.8 * regrets["uniform"]


def test_a_short_simulation_is_near_the_figures() -> None:
    settings = [one for one in SETTINGS if one.params.get("each") == 7 and "halving" in one.policy]
    for made in selection.measure("many bad", settings, 40):
        kept = figure("many bad", made["policy"], 7)
        assert made["calls"] == pytest.approx(kept["calls"], rel=0.2)
        assert made["regret"] == pytest.approx(kept["regret"], abs=4 * made["error"])


@pytest.mark.parametrize("scorer", ["clear winner", "near ties", "many bad", "hard and easy"])
def test_values_have_the_accuracies_that_regret_is_measured_by(scorer: str) -> None:
    draws = [SCORERS[scorer](random.Random(seed)) for seed in range(30)]
    drawn = fmean(fmean(fmean(values) for values in one.values) for one in draws)
    assert drawn == pytest.approx(fmean(fmean(one.accuracy) for one in draws), abs=0.03)


def test_a_row_without_params_says_that_it_has_the_defaults() -> None:
    assert Setting("uniform", {"each": 7}).words == ""
    assert Setting("ucb", {"each": 7, "batch": 4}).words == "batch: 4"
    assert "| uniform | defaults |" in PAGE
