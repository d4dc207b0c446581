"""The verdict in words."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.results.report import SearchSummary
from promptwire.results.verdict_text import verdict_details, verdict_line
from promptwire.stats.verdict import Verdict
from tests.engine.cli.test_report_text import report

BETTER = {"kind": "better", "n": 120, "gain": 0.2, "low": 0.1, "high": 0.3, "p": 0.0023, "test": "McNemar mid-p"}
NONE = {"kind": "not shown", "n": 3, "gain": 1 / 3, "low": -0.46, "high": 0.86, "p": 1.0, "test": "McNemar mid-p"}


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        (BETTER, "better on 120 untouched examples: gain +0.200 [0.10, 0.30], p = 0.0023 (McNemar mid-p)"),
        (
            {**BETTER, "groups": 24, "p": 1e-9, "test": "clustered t"},
            "better on 120 untouched examples in 24 groups: gain +0.200 [0.10, 0.30], p < 0.0001 (clustered t)",
        ),
        (NONE, "not shown to be better on 3 untouched examples: gain +0.333 [-0.46, 0.86], p = 1 (McNemar mid-p)"),
        (
            {"kind": "worse", "n": 1200, "gain": -0.1, "low": -0.2, "high": -0.04, "p": 0.01, "test": "sign-flip"},
            "worse than the initial prompt on 1,200 untouched examples: gain -0.100 [-0.20, -0.04], p = 0.01 (sign-flip)",
        ),
        (
            {"kind": "same prompt", "n": 1, "gain": 0.0},
            "no improvement: the initial prompt is returned, which scores 0.508 on 1 untouched example",
        ),
        ({"kind": "not scored", "n": 0}, "not scored: no held-out example was scored with both prompts"),
    ],
)
def test_each_verdict_is_one_sentence(verdict: dict[str, Any], line: str) -> None:
    assert verdict_line(report(verdict=verdict)) == line


@pytest.mark.parametrize(
    ("verdict", "lines"),
    [
        (
            {**BETTER, "fixed": 27, "broken": 3, "smallest_gain": 0.1284},
            [
                "27 fixed, 3 broken, 90 as before",
                "smallest gain that these examples show in 80% of all cases: 0.128",
            ],
        ),
        (
            {**BETTER, "n": 30, "fixed": 30, "smallest_gain": None},
            [
                "30 fixed, 0 broken, 0 as before",
                "smallest gain that these examples show: not known, since all differences are equal",
            ],
        ),
        (
            {**NONE, "n": 60, "gain": 0.0},
            [
                "0 fixed, 0 broken, 60 as before",
                "smallest gain that these examples show: not known, since all differences are equal",
            ],
        ),
        (
            {**BETTER, "n": 30, "fixed": 20, "groups": 6},
            [
                "20 fixed, 0 broken, 10 as before",
                "smallest gain that these examples show: not known, since the gains of all groups are equal",
            ],
        ),
        (
            {**BETTER, "test": "sign-flip", "fixed": 27, "broken": 3, "smallest_gain": 0.1284},
            [
                "27 with a higher value, 3 with a lower one, 90 as before",
                "smallest gain that these examples show in 80% of all cases: 0.128",
            ],
        ),
        ({**NONE, "fixed": 1}, ["1 fixed, 0 broken, 2 as before", "too few examples to show any gain"]),
        (
            {"kind": "not shown", "n": 9, "gain": 0.1, "groups": 3, "reason": "3 groups of examples: a test needs at least 5"},
            ["0 fixed, 0 broken, 9 as before", "no test: 3 groups of examples: a test needs at least 5"],
        ),
        ({"kind": "not scored", "n": 0, "reason": "no example was scored"}, []),
        ({"kind": "same prompt", "n": 5}, []),
    ],
)
def test_the_details_name_changed_examples_and_what_could_be_shown(verdict: dict[str, Any], lines: list[str]) -> None:
    assert list(verdict_details(report(verdict=verdict))) == lines


@pytest.mark.parametrize(
    ("expected", "end"), [(0.064, " (0.064 expected if all candidates were equal)"), (None, "")], ids=["known", "unknown"]
)
def test_the_details_set_the_selection_score_beside_the_held_out_score(expected: float | None, end: str) -> None:
    search = SearchSummary(calls={}, candidates=9, copying=0, copied=(), score=0.6, scored_on=36)
    verdict = {**BETTER, "optimism": 0.092, "expected_optimism": expected}
    found = list(verdict_details(report(verdict=verdict, search=search)))
    assert found[-1] == f"selected with 0.600 on 36 examples, 0.508 held out: optimism +0.092{end}"


def test_the_details_leave_out_how_many_examples_another_metric_was_scored_on() -> None:
    search = SearchSummary(calls={}, candidates=9, copying=0, copied=(), score=45.0, scored_on=36)
    found = list(verdict_details(report(verdict={**BETTER, "optimism": 0.092}, search=search)))
    assert found[-1] == "selected with 0.600, 0.508 held out: optimism +0.092"


def test_a_report_of_an_earlier_version_has_no_verdict() -> None:
    old = {name: value for name, value in report().model_dump(mode="json").items() if name != "verdict"}
    found = type(report()).model_validate(old)
    assert (found.verdict, verdict_line(found), list(verdict_details(found))) == (None, "", [])


def test_a_verdict_is_the_same_after_json() -> None:
    made = report(verdict=BETTER)
    assert type(made).model_validate_json(made.to_json()).verdict == Verdict.model_validate(BETTER)
