"""Splits: complete, reproducible, and with each label's share on both sides."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.errors import DataError
from promptwire.tasks.splits import group_of, split
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


def grouped(*sizes: int, labels: str = "ab") -> Examples:
    """Groups of these sizes; the labels take turns."""
    names = [f"g{group}" for group, size in enumerate(sizes) for _ in range(size)]
    return Examples.of(
        Example(input=str(number), outputs=(labels[number % len(labels)],), meta={"doc": name})
        for number, name in enumerate(names)
    )


@given(st.lists(st.integers(1, 9), min_size=2, max_size=30), st.floats(0.05, 0.95))
def test_groups_stay_whole_and_both_sides_have_one(sizes: list[int], share: float) -> None:
    examples = grouped(*sizes)
    first, second = split(examples, share, "test", group="doc")
    names = [{group_of(example, "doc") for example in part.items} for part in (first, second)]
    assert not names[0] & names[1] and all(names)
    assert len(first) + len(second) == len(examples)
    assert abs(len(second) - share * len(examples)) <= max(sizes)
    assert split(examples, share, "test", group="doc") == (first, second)


def test_groups_are_taken_so_that_each_label_has_about_its_share() -> None:
    one_label_each = Examples.of(
        Example(input=str(number), outputs=("ab"[number // 60],), meta={"doc": f"g{number // 5}"}) for number in range(120)
    )
    second = split(one_label_each, 0.5, "test", group="doc")[1]
    assert Counter(example.outputs[0] for example in second.items) == {"a": 30, "b": 30}


def test_examples_of_a_single_group_cannot_be_split() -> None:
    with pytest.raises(DataError, match="all examples are of one group"):
        split(grouped(8), 0.5, "test", group="doc")


def test_group_may_be_a_field_of_the_input() -> None:
    assert group_of(Example(input={"doc": "d1", "question": "q"}, outputs=("a",)), "doc") == "d1"
    with pytest.raises(KeyError):
        group_of(Example(input="text", outputs=("a",)), "doc")
