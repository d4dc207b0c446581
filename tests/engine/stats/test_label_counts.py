"""Counts of labels: made from pairs, and with pairs left out."""

from __future__ import annotations

from collections import Counter

from promptwire.stats.label_counts import LabelCounts

PAIRS = [("a", "a"), ("a", "b"), ("b", "b"), ("b", "")]


def test_pairs_are_counted_by_label() -> None:
    assert LabelCounts.of(Counter(PAIRS)) == LabelCounts({"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 1, "b": 2, "": 1})


def test_leaving_pairs_out_gives_the_counts_of_the_others() -> None:
    assert LabelCounts.of(Counter(PAIRS)).without(PAIRS[2:]) == LabelCounts.of(Counter(PAIRS[:2]))


def test_a_weight_that_only_a_rounding_error_is_left_of_is_none() -> None:
    weights = dict.fromkeys(PAIRS, 0.1)
    assert LabelCounts.of(weights).without(PAIRS, 0.1) == LabelCounts({}, {}, {})
