"""Scores of prompts from their rows: a mean, or a statistic of all rows, and what each row contributes to it."""

from __future__ import annotations

import pytest

from promptwire.stats.prompt_score import contributions, lead, rows_score, score_of, score_scale
from promptwire.values import Answer, Prompt, Prompts, Row, Scores

PROMPT = Prompt(text="p")


def rows(pairs: str) -> list[Row]:
    """Rows of pairs such as `aa ab b-`: right answer, then answer; a dash is an unreadable reply."""
    return [
        Row(PROMPT.id, str(place), "", pair[1].strip("-"), float(pair[0] == pair[1]), pair[1] != "-", truth=pair[0])
        for place, pair in enumerate(pairs.split())
    ]


COMMON, BALANCED = rows("aa aa aa aa ba"), rows("aa aa ab ab bb")


@pytest.mark.parametrize(
    ("metric", "common", "balanced"),
    [("exact", 0.8, 0.6), ("balanced-accuracy", 0.5, 0.75), ("macro-f1", 4 / 9, (2 / 3 + 1 / 2) / 2), ("matthews", 0.0, 0.408)],
)
def test_the_metric_decides_whether_the_mean_or_a_statistic_of_all_rows_counts(
    metric: str, common: float, balanced: float
) -> None:
    assert rows_score(COMMON, metric) == pytest.approx(common)
    assert rows_score(BALANCED, metric) == pytest.approx(balanced, abs=1e-3)
    assert lead(BALANCED, COMMON, metric) == pytest.approx(rows_score(BALANCED, metric) - rows_score(COMMON, metric))


def test_an_unreadable_answer_is_wrong_whatever_the_row_holds() -> None:
    unread = Row(PROMPT.id, "1", "a", "a", 0.0, False, truth="a")
    assert rows_score([unread, *rows("bb")], "balanced-accuracy") == 0.5


def test_every_answer_of_an_example_that_was_asked_several_times_counts() -> None:
    answers = (Answer("", "a", 1.0, truth="a"), Answer("", "b", 0.0, truth="a"))
    several = Row(PROMPT.id, "1", "", "b", 0.5, truth="a", repeats=answers)
    assert rows_score([several, *rows("bb")], "balanced-accuracy") == 0.75


@pytest.mark.parametrize("metric", ["macro-f1", "balanced-accuracy", "matthews"])
@pytest.mark.parametrize("given", ["aa ab ba bb bb", "aa ba ba a- bb bb ab", "aa aa"])
def test_contributions_are_jackknife_pseudo_values_whose_mean_is_the_score(metric: str, given: str) -> None:
    found = rows(given)
    n, whole = len(found), rows_score(found, metric)
    brute = [n * whole - (n - 1) * rows_score([*found[:place], *found[place + 1 :]], metric) for place in range(n)]
    mean = sum(brute) / n
    assert contributions(found, metric) == pytest.approx([one - mean + whole for one in brute])
    assert sum(contributions(found, metric)) / n == pytest.approx(whole)


def test_contributions_to_a_mean_are_the_values_themselves() -> None:
    assert contributions(COMMON, "exact") == [1.0, 1.0, 1.0, 1.0, 0.0]


def test_the_contribution_of_a_single_row_is_its_score() -> None:
    assert contributions(rows("aa"), "macro-f1") == [1.0]


@pytest.mark.parametrize(("metric", "scale"), [("exact", (0.0, 1.0)), ("macro-f1", (0.0, 1.0)), ("spearman", (-1.0, 1.0))])
def test_scores_of_prompts_have_the_scale_of_the_statistic(metric: str, scale: tuple[float, float]) -> None:
    assert score_scale(Scores(metric=metric)) == scale


def test_a_prompt_that_lacks_most_of_its_rows_has_no_score() -> None:
    for missing, score in (("8",), 1.0), (("8", "9"), None):
        pairs = tuple((PROMPT.id, one) for one in missing)
        table = Scores(metric="macro-f1", prompts=Prompts.of([PROMPT]), rows=tuple(rows("aa")), missing=pairs)
        assert score_of(PROMPT, table) == score
