"""Splits: complete, reproducible, and with each label's share on both sides."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.errors import DataError
from promptwire.tasks.splits import split
from promptwire.values import Example, Examples


def labelled(*labels: str) -> Examples:
    return Examples.of(Example(input=str(number), outputs=(label,)) for number, label in enumerate(labels))


@given(st.lists(st.sampled_from("abcd"), min_size=2, max_size=60), st.floats(0.05, 0.95))
def test_split_is_complete_disjoint_and_reproducible(labels: list[str], share: float) -> None:
    examples = labelled(*labels)
    first, second = split(examples, share, "test")
    assert sorted([*first.items, *second.items], key=lambda example: int(example.text)) == list(examples.items)
    assert len(first) >= 1 and len(second) == min(max(1, round(len(labels) * share)), len(labels) - 1)
    assert split(examples, share, "test") == (first, second)


@given(st.lists(st.sampled_from("abcd"), min_size=20, max_size=200), st.floats(0.05, 0.95))
def test_each_label_has_its_share_on_both_sides(labels: list[str], share: float) -> None:
    second = split(labelled(*labels), share, "test")[1]
    counts = Counter(example.outputs[0] for example in second.items)
    for label, count in Counter(labels).items():
        assert abs(counts[label] - len(second) * count / len(labels)) < 1


def test_rare_label_is_on_both_sides() -> None:
    for purpose in ("dev", "test"):
        first, second = split(labelled(*["no"] * 96, *["Yes", "yes ", "yes", "YES"]), 0.25, purpose)
        assert [sum("y" in example.outputs[0].lower() for example in part.items) for part in (first, second)] == [3, 1]


def test_outputs_that_are_no_labels_are_split_by_chance() -> None:
    labels = [f"word {number // 2}" for number in range(40)]
    first, second = split(labelled(*labels), 0.5, "test")
    assert Counter(Counter(example.outputs[0] for example in second.items).values()).keys() == {1, 2}
    assert len(first) == 20


def test_single_example_cannot_be_split() -> None:
    with pytest.raises(DataError, match="can't be split"):
        split(labelled("x"), 0.5, "test")
