"""Sample values: one of every type that a template can be given."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from promptwire.templating.sample_values import sample, samples
from promptwire.values import Critiques, Example, Examples, Failures, Families, History, Model, Prompt, Prompts, Row, Scores


class Slots(Model):
    """What a node offers here."""

    prompt: Prompt | None
    n: int
    kind: Literal["a", "b"]


@pytest.mark.parametrize("kind", [Prompt, Prompts, Example, Examples, Scores, Failures, Critiques, Families, History])
def test_every_port_type_has_a_sample_with_its_fields(kind: type[Model]) -> None:
    made = sample(kind)
    assert isinstance(made, kind)
    assert all(hasattr(made, name) for name in kind.model_fields)


def test_sets_hold_two_so_that_separators_show_and_rows_are_rows() -> None:
    assert len(sample(Prompts).items) == 2
    assert all(isinstance(row, Row) for row in sample(Scores).rows)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [(int, 1), (str, "text"), (int | None, 1), (Literal["x", "y"], "x"), (tuple[str, ...], ("text", "text")), (object, "text")],
)
def test_plain_types_have_plain_samples(annotation: Any, expected: Any) -> None:
    assert sample(annotation) == expected


def test_slots_and_what_with_gives_are_sampled_together() -> None:
    found = samples(Slots, {"extra": float})
    assert (set(found), found["n"], found["extra"], found["kind"]) == ({"prompt", "n", "kind", "extra"}, 1, 0.5, "a")


def test_answers_of_sample_scores_can_be_read_with_their_examples() -> None:
    made = sample(Scores)
    assert [len(group.cases) > 1 and group.cases[0].example.outputs for group in made.groups] == [("text", "text")] * 2
    assert made.groups[0].mean == 0.5
