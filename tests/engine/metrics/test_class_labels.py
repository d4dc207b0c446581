"""Labels and numbers as metrics over a set of answers read them."""

from __future__ import annotations

import pytest

from promptwire.errors import UsageError
from promptwire.metrics.metric import find_metric
from promptwire.values import Example

LABELS = ("positive", "negative", "not_sure")


def example(*outputs: str, input: str = "in") -> Example:
    return Example(input=input, outputs=outputs)


@pytest.mark.parametrize(
    ("metric", "answer", "read"),
    [
        ("macro-f1", "**Positive.**", "positive"),
        ("macro-f1", '{"label": "negative"}', "negative"),
        ("macro-f1", "not sure", "not_sure"),
        ("macro-f1", "The review is positive", None),
        ("macro-f1", "neutral", None),
        ("macro-f1/contains", "The review is positive, I think.", "positive"),
        ("macro-f1/contains", "positive or negative", None),
        ("macro-f1/contains", "neither", None),
        ("matthews/choice", "negative", "negative"),
    ],
)
def test_an_answer_is_read_as_one_label_or_as_unreadable(metric: str, answer: str, read: str | None) -> None:
    found = find_metric(metric).measure(answer, example("positive"), LABELS)
    assert (found.read, found.readable) == (read or "", read is not None)
    assert found.value == float(read == "positive")


@pytest.mark.parametrize(
    ("read", "outputs", "truth"),
    [
        ("positive", ("Positive",), "positive"),
        ("negative", ("positive",), "positive"),
        ("negative", ("positive", "negative"), "negative"),
        ("", ("positive", "negative"), "positive"),
        ("x", ("Other",), "other"),
    ],
)
def test_the_right_label_is_the_accepted_one_that_was_answered_or_the_first(
    read: str, outputs: tuple[str, ...], truth: str
) -> None:
    find = find_metric("macro-f1").truth
    assert find is not None and find(read, example(*outputs), LABELS) == truth


def test_a_multiple_choice_metric_compares_letters() -> None:
    question = example("(B)", input="Where?\nOptions:\n(A) Paris\n(B) Rome")
    found = find_metric("balanced-accuracy/multiple-choice")
    assert found.truth is not None
    assert [found.measure(answer, question).read for answer in ("Rome", "The answer is (A)", "no idea")] == ["B", "A", ""]
    assert found.truth("A", question, ()) == "B"


@pytest.mark.parametrize(
    ("answer", "read", "value"),
    [("4", "4", 1.0), ("about 3 stars", "3", 0.5), ("I rate it 1.", "1", 0.25), ("none", "", 0.0)],
)
def test_a_graded_answer_is_a_number_whose_value_is_its_closeness(answer: str, read: str, value: float) -> None:
    found = find_metric("spearman").measure(answer, example("4"))
    assert (found.read, found.value, found.readable) == (read, value, bool(read))


def test_the_right_number_is_the_nearest_accepted_one() -> None:
    find = find_metric("pearson").truth
    assert find is not None and [find(read, example("2", "5"), ()) for read in ("4", "1", "")] == ["5", "2", "2"]


@pytest.mark.parametrize(
    ("metric", "outputs", "labels", "words"),
    [
        ("macro-f1", ["yes", "no", "maybe"] * 4, ("yes", "no"), "none of the labels"),
        ("macro-f1", [f"text {number}" for number in range(12)], (), "12 examples have 12 different answers: name them"),
        ("macro-f1", ["yes"] * 12, (), "all right answers are the same"),
        ("macro-f1/choice", ["yes", "no"] * 6, (), "names fewer than two"),
        ("spearman", ["4", "high"] * 6, (), "hold no number"),
        ("pearson", ["4"] * 12, (), "all right answers are the same"),
    ],
)
def test_data_that_a_set_metric_cannot_score_is_refused(
    metric: str, outputs: list[str], labels: tuple[str, ...], words: str
) -> None:
    assert words in find_metric(metric).accepts([example(output) for output in outputs], labels)


@pytest.mark.parametrize(
    ("metric", "outputs", "labels"),
    [
        ("macro-f1", ["Yes", "yes", "no"] * 4, ()),
        ("macro-f1", ["Yes", "no"], ("yes", "no")),
        ("matthews/contains", ["a", "b"] * 3, ()),
        ("spearman", ["1", "2.5", "3"], ()),
    ],
)
def test_data_that_a_set_metric_can_score_is_accepted(metric: str, outputs: list[str], labels: tuple[str, ...]) -> None:
    assert find_metric(metric).accepts([example(output) for output in outputs], labels) == ""


@pytest.mark.parametrize(("name", "hint"), [("macro-f1/numeric", "exact, contains"), ("spearman/exact", "numeric")])
def test_a_reader_that_does_not_fit_the_statistic_is_refused_with_those_that_do(name: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        find_metric(name)


def test_a_misspelled_set_metric_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="did you mean 'macro-f1'"):
        find_metric("macro_f1")
