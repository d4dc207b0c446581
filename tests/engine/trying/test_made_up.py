"""Values for one request: the task's where it has them, made-up ones with marks elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.bounds import UNKNOWN, Extent
from promptwire.trying.made_up import MOST, Maker
from promptwire.values import (
    Critique,
    Critiques,
    Example,
    Examples,
    Failure,
    Failures,
    Families,
    History,
    Prompt,
    Prompts,
    Scores,
)

EXAMPLES = [Example(input=f"in {n}", outputs=(f"out {n}",)) for n in range(5)]


def test_examples_and_initial_prompts_are_those_of_the_task_and_count_as_real() -> None:
    maker = Maker(EXAMPLES, [Prompt(text="Do it.")])
    found = maker.value(Examples, "examples", Extent.exactly(4))
    assert found.items == tuple(EXAMPLES[:4])
    assert maker.value(Prompt, "prompt").text == "Do it."
    assert not maker.made_up


def test_without_a_task_examples_and_prompts_are_marked_texts() -> None:
    maker = Maker([], [])
    assert [example.text for example in maker.value(Examples, "examples").items] == ["‹input 1›", "‹input 2›", "‹input 3›"]
    assert maker.value(Prompt, "prompt").text == "‹prompt 1›"
    assert maker.made_up


@pytest.mark.parametrize("kind", [Critique, Critiques, Failure, Failures, Families, History, Scores, str, list, float])
def test_what_only_a_run_knows_counts_as_made_up(kind: Any) -> None:
    maker = Maker(EXAMPLES, [Prompt(text="Do it.")])
    value = maker.value(kind, "said")
    assert isinstance(value, kind)
    assert maker.made_up


def test_a_failure_shows_a_real_example_with_a_made_up_reply() -> None:
    failure = Maker(EXAMPLES, []).value(Failure, "case")
    assert (failure.example, failure.output, failure.value) == (EXAMPLES[0], "‹reply 1›", 0.0)


@pytest.mark.parametrize(
    ("extent", "size"), [(Extent.exactly(2), 2), (Extent(0, 7), 7), (UNKNOWN, 3), (None, 3), (Extent.exactly(500), MOST)]
)
def test_a_set_has_the_size_of_a_run_as_far_as_it_is_known(extent: Extent | None, size: int) -> None:
    assert len(Maker([], []).value(Prompts, "prompts", extent)) == size


def test_all_examples_are_shown_where_a_run_shows_all() -> None:
    many = [Example(input=f"in {n}", outputs=("out",)) for n in range(70)]
    assert len(Maker(many, []).value(Examples, "examples", Extent.exactly(500))) == 70


def test_groups_of_failures_have_the_cases_of_a_run() -> None:
    found = Maker(EXAMPLES, []).value(Failures, "failures", Extent.exactly(2).holding(4))
    assert [len(group.cases) for group in found.groups] == [4, 4]
