"""The gain that examples can show before any is answered: near that of right answers, larger with rare labels, or none."""

from __future__ import annotations

import pytest

from promptwire.stats.power import examples_needed, smallest_gain
from promptwire.stats.set_power import set_examples_needed, smallest_set_gain


@pytest.mark.parametrize("metric", ["macro-f1", "balanced-accuracy"])
@pytest.mark.parametrize("truths", ["ab" * 60, "abcd" * 30])
def test_with_equal_labels_it_is_about_that_of_right_answers(metric: str, truths: str) -> None:
    assert smallest_set_gain(metric, truths) == pytest.approx(smallest_gain(120), rel=0.08)
    assert set_examples_needed(metric, truths, 0.05) == pytest.approx(examples_needed(0.05), rel=0.08)


def test_balanced_accuracy_with_a_rare_label_needs_as_many_examples_as_the_error_of_its_recall_says() -> None:
    """Of 10 % the squared error is (1 / 0.1 + 1 / 0.9) / 4 = 2.8 times that of equal labels."""
    rare, equal = (set_examples_needed("balanced-accuracy", truths, 0.05) for truths in ("a" * 900 + "b" * 100, "ab" * 500))
    assert rare / equal == pytest.approx((1 / 0.1 + 1 / 0.9) / 4, rel=0.05)


@pytest.mark.parametrize(("metric", "truths"), [("macro-f1", "aabb"), ("macro-f1", "a" * 50), ("spearman", "1" * 50)])
def test_few_examples_and_a_single_right_answer_show_no_gain(metric: str, truths: str) -> None:
    assert smallest_set_gain(metric, truths) is None


def test_a_gain_can_be_as_large_as_the_scale() -> None:
    few, more = (smallest_set_gain(metric, "ab" * 3) for metric in ("matthews", "macro-f1"))
    assert few is not None and more is not None and 1 < few < 2 and more < 1


def test_many_labels_take_no_longer_than_few() -> None:
    assert smallest_set_gain("macro-f1", [str(label) for label in range(150)] * 2) is not None
