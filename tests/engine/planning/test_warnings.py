"""Warnings before a run: small test and dev sets, budgets below one round, answers that would be equal."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.backend import Quote, Settings
from promptwire.language.check import load_graph
from promptwire.limits import Limits
from promptwire.planning.plan import make_plan
from promptwire.planning.step_plan import Known
from promptwire.tasks.task import Task
from promptwire.values import Example, Examples
from promptwire.values.notes import read_note, warning
from tests.pipelines.search_runs import numbers

PRICE = Quote(1e-6, 2e-6, "a test")


def warned(task: Task, name: str = "ape", params: dict[str, Any] | None = None, **known: Any) -> list[str]:
    plan = make_plan(load_graph(name, params=params or {}), task, Known(**known))
    return [note.text for note in map(read_note, plan.notes) if note.severity == "warning"]


def sized(count: int, test: int, groups: int | None = None, **changes: Any) -> Task:
    """A task with this many examples; `groups` spreads the held-out ones over that many groups."""
    made = numbers(count)
    held_out = Examples.of(
        Example(input=f"held {number}", outputs=("y",), meta={"doc": number % (groups or 1)}) for number in range(test)
    )
    return made.model_copy(update={"test": held_out, "group": "doc" if groups else None, **changes})


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (4, ["4 held-out examples can't show any gain; a gain of 0.05 takes 626"]),
        (120, ["120 held-out examples show a gain of 0.11 or more; a gain of 0.05 takes 626"]),
        (625, ["625 held-out examples show a gain of 0.05 or more; a gain of 0.05 takes 626"]),
        (626, []),
    ],
)
def test_a_test_set_that_cannot_show_five_points_is_named(test: int, said: list[str]) -> None:
    assert warned(sized(60, test)) == said


def test_warnings_about_the_data_come_before_the_run_and_its_other_notes_do_not() -> None:
    leak = warning("3 of 700 test inputs are also in train or dev")
    assert warned(sized(60, 700, notes=("test: 700 examples held out of train", leak))) == [read_note(leak).text]


@pytest.mark.parametrize(
    ("groups", "said"), [(4, ["4 groups of held-out examples: a test of the gain needs at least 5"]), (5, [])]
)
def test_too_few_groups_are_named(groups: int, said: list[str]) -> None:
    assert warned(sized(60, 700, groups)) == said


def test_groups_are_named_where_the_numbers_assume_independent_examples() -> None:
    (said,) = warned(sized(60, 120, 12))
    assert said.endswith("a gain of 0.05 takes 626, and more where the examples of a group are alike (12 groups)")


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (4, ["4 train examples can't tell prompts apart: the search chooses mostly by chance; use 37 or more"]),
        (
            20,
            [
                "20 train examples can't tell prompts apart that differ by less than 0.35: the search chooses mostly by chance; use 37 or more"
            ],
        ),
        (37, []),
    ],
)
def test_few_examples_to_choose_by_are_named(train: int, said: list[str]) -> None:
    assert warned(sized(train, 700)) == said


def test_the_examples_to_choose_by_are_dev_where_the_pipeline_has_it() -> None:
    dev = numbers(60, dev=10).model_copy(update={"test": sized(2, 700).test})
    assert [text[:15] for text in warned(dev, "evoprompt-ga")] == ["10 dev examples"]
    assert warned(dev, "opro") == []


def test_a_metric_on_another_scale_gets_no_numbers_of_right_answers() -> None:
    assert warned(sized(4, 4, metric="logprob")) == []


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(calls=100), "it takes up to 116; 50 left of 100 calls, beside 50 kept for the comparison"),
        (Limits(calls=1500), "it takes up to 116; 100 left of 1,500 calls, beside 1,400 kept for the comparison"),
        (Limits(calls=1516), ""),
        (Limits(tokens=1000), "500 left of 1,000 tokens, beside 500 kept for the comparison"),
        (Limits(usd=0.01), "0.005 left of 0.01 usd, beside 0.005 kept for the comparison"),
        (Limits(usd=1000), ""),
        (Limits(seconds=1), ""),
    ],
)
def test_a_budget_below_the_first_round_is_named(limits: Limits, said: str) -> None:
    """OPRO's first step: 8 calls that write, and 9 prompts on 12 examples each."""
    found = warned(sized(60, 700), "opro", {"steps": 3}, limits=limits, quotes={"task": PRICE, "meta": PRICE})
    assert bool(found) == bool(said)
    for text in found:
        assert text.startswith("the budget may end the search before its first round is over: it takes up to ") and said in text


@pytest.mark.parametrize(
    ("seconds", "held", "pace"),
    [
        (10, 700, "23"),  # the comparison gets half of the time
        (10, 5, "13"),
        (1000, 5, "0.13"),
    ],
)
def test_a_limit_in_seconds_names_the_pace_that_it_needs_as_a_note(seconds: float, held: int, pace: str) -> None:
    known = Known(limits=Limits(seconds=seconds))
    plan = make_plan(load_graph("opro", params={"steps": 3}), sized(60, held), known)
    (said,) = [note for note in plan.notes if "calls a second" in note]
    assert said.startswith(
        f"below {pace} calls a second, {seconds:g} seconds may end the search before its first round is over"
    )
    assert "it takes up to 116 calls" in said and read_note(said).severity == "info"


def test_cached_completions_need_no_budget() -> None:
    limits = Limits(calls=1500)
    assert warned(sized(60, 700), "opro", {"steps": 3}, limits=limits, cached={"search.scores": 60}) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ["--repeats 3 at temperature 0: a deterministic model gives the same answer 3 times"]),
        ({"settings": Settings(temperature=0.7)}, []),
        (
            {"metric": "choice", "labels": ("y", "n")},
            ["--repeats 3: the metric 'choice' reads likelihoods, which differ little between calls"],
        ),
    ],
)
def test_several_answers_that_would_be_equal_are_named(changes: dict[str, Any], said: list[str]) -> None:
    rows = [Example(input=f"x{number}", outputs=("y",)) for number in range(60)]
    task = sized(60, 700).model_copy(update={"train": Examples.of(rows), **changes})
    assert warned(task, repeats=3) == said
    assert warned(task) == []


def labelled(texts: str, name: str) -> Examples:
    return Examples.of(Example(input=f"{name} {number}", outputs=(text,)) for number, text in enumerate(texts))


@pytest.mark.parametrize(
    ("metric", "test", "said"),
    [
        ("macro-f1", "yn" * 60, ["120 held-out examples show a gain of 0.12 or more in macro-f1; a gain of 0.05 takes 631"]),
        ("macro-f1", "yn" * 400, []),
        ("balanced-accuracy", "yn" * 400, []),
        (
            "balanced-accuracy",
            "y" * 760 + "n" * 40,
            ["800 held-out examples show a gain of 0.11 or more in balanced-accuracy; a gain of 0.05 takes 3,441"],
        ),
        ("matthews", "yn" * 60, ["120 held-out examples show a gain of 0.23 or more in matthews; a gain of 0.1 takes 639"]),
        ("macro-f1", "yyyy", ["4 held-out examples can't show any gain in macro-f1"]),
        ("spearman", "123" * 40, ["120 held-out examples show a gain of 0.19 or more in spearman; a gain of 0.1 takes 442"]),
        ("spearman", "123" * 200, []),
    ],
)
def test_a_test_set_that_cannot_show_a_gain_in_a_metric_over_all_answers_is_named(
    metric: str, test: str, said: list[str]
) -> None:
    """A rare label makes the error larger; the gain wanted is 5 % of the metric's scale."""
    labels = () if metric == "spearman" else ("y", "n")
    train = labelled("123" * 100 if metric == "spearman" else "yn" * 100, "train")
    found = warned(sized(4, 4, metric=metric, labels=labels, train=train).model_copy(update={"test": labelled(test, "test")}))
    assert len(found) == len(said) and all(one.startswith(text) for one, text in zip(found, said, strict=True)), found


def test_few_examples_to_choose_by_are_named_for_a_metric_over_all_answers() -> None:
    task = sized(4, 4, metric="macro-f1", labels=("y", "n"), train=labelled("y" * 16 + "n" * 4, "train"))
    (said,) = warned(task.model_copy(update={"test": labelled("yn" * 400, "test")}))
    assert said.startswith("20 train examples can't tell prompts apart that differ by less than 0.")
    assert " in macro-f1: the search chooses mostly by chance; use " in said
