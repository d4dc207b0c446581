"""Metrics are found by name, refuse data that they can't score, and never replace one another."""

from __future__ import annotations

import json
import math
import os
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import NodeError, UsageError
from promptwire.metrics.metric import find_metric, metric, names
from promptwire.registry import plugins
from promptwire.values import Example


def example(*outputs: str, input: str = "in") -> Example:
    return Example(input=input, outputs=outputs)


@metric(accepts=lambda examples, labels: "too few" if len(examples) < 2 else "", perfect=None)
def measure_length(answer: str, outputs: tuple[str, ...]) -> float:
    """How long the answer is.

    No more.
    """
    return float(len(answer))


@metric()
def odd(answer: str, outputs: tuple[str, ...]) -> float:
    """What the answer says, or fails."""
    return {"nothing": None, "not": float("nan")}.get(answer) if answer != "divide" else 1 / 0  # type: ignore[return-value]


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> None:
    """This file as the plug-in `acme`."""
    found = [EntryPoint("acme", __name__, plugins.GROUP)]
    monkeypatch.setitem(sys.modules, __name__, sys.modules[measure_length.value.__module__])
    monkeypatch.setattr(plugins, "entry_points", lambda group: found if group == plugins.GROUP else [])


@pytest.mark.parametrize("name", ["exact", "any-of", "induction", "contains", "set", "exact-set", "f1", "numeric"])
def test_built_in_metrics_score_texts_from_0_to_1(name: str) -> None:
    found = find_metric(name)
    assert (found.needs, found.perfect) == ("text", 1.0)
    assert found.value("(A) 3", ("(A) 3",)) == 1.0
    assert found.value("no", ("(A) 3",)) == 0.0


@pytest.mark.parametrize(
    ("name", "needs", "perfect"), [("choice", "choice", 1.0), ("logprob", "logprob", None), ("judge", "judge", 1.0)]
)
def test_other_metrics_say_what_they_need(name: str, needs: str, perfect: float | None) -> None:
    assert (find_metric(name).needs, find_metric(name).perfect) == (needs, perfect)


@pytest.mark.parametrize("name", ["logprob", "judge"])
def test_a_metric_that_reads_no_text_never_gives_a_silent_0(name: str) -> None:
    with pytest.raises(TypeError):
        find_metric(name).value("answer", ("answer",))


def test_an_unknown_metric_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="did you mean 'exact'"):
        find_metric("exakt")


@pytest.mark.parametrize(
    ("name", "examples", "labels", "words"),
    [
        ("numeric", [example("3"), example("cat")], (), "1 of 2 answers hold no number, such as 'cat'"),
        ("multiple-choice", [example("Paris")], (), "no option letter"),
        ("choice", [example("yes")], (), "labels"),
        ("choice", [example("yes")], ("yes",), "labels"),
        ("choice", [example("maybe")], ("yes", "no"), "none of the labels"),
        ("regex", [example("(")], (), "no pattern"),
        ("f1", [example("?!")], (), "no word"),
        ("contains", [example(" ")], (), "empty"),
    ],
)
def test_data_that_a_metric_cannot_score_is_refused(
    name: str, examples: list[Example], labels: tuple[str, ...], words: str
) -> None:
    assert words in find_metric(name).accepts(examples, labels)


@pytest.mark.parametrize(
    ("name", "found", "labels"),
    [
        ("numeric", example("$5"), ()),
        ("multiple-choice", example("(C)"), ()),
        ("choice", example("yes"), ("yes", "no")),
        ("regex", example("a+"), ()),
        ("exact", example(""), ()),
    ],
)
def test_data_that_a_metric_can_score_is_accepted(name: str, found: Example, labels: tuple[str, ...]) -> None:
    assert find_metric(name).accepts([found], labels) == ""


def test_multiple_choice_grades_the_text_of_an_option_by_the_question() -> None:
    question = example("(B)", input="Where?\nOptions:\n(A) Paris\n(B) Rome")
    found = find_metric("multiple-choice")
    assert [found.grade(answer, question)[0] for answer in ("Rome", "Paris", "(B)")] == [1.0, 0.0, 1.0]


def test_a_function_of_a_plugin_is_a_metric_under_the_plugins_name(acme: None) -> None:
    found = find_metric("acme:measure-length")
    assert (found.name, found.value("abc", ()), found.doc) == ("acme:measure-length", 3.0, "How long the answer is.")
    assert (found.perfect, found.accepts([], ()), found.needs) == (None, "too few", "text")
    assert {"acme:measure-length", "acme:odd", "exact"} <= set(names())


def test_a_plugins_metric_that_is_not_there_is_refused(acme: None) -> None:
    with pytest.raises(UsageError, match="there is no metric 'acme:ood'\n  did you mean 'acme:odd'"):
        find_metric("acme:ood")
    with pytest.raises(UsageError, match=r"name its file: --plugins other\.py"):
        find_metric("other:odd")


@pytest.mark.parametrize(
    ("answer", "words"),
    [("divide", "ZeroDivisionError"), ("nothing", "TypeError"), ("not", "the metric 'odd' gave nan for the answer 'not'")],
)
def test_a_metric_that_fails_or_gives_no_number_is_an_error_that_names_it(answer: str, words: str) -> None:
    with pytest.raises(NodeError, match=words) as caught:
        odd.grade(answer, example("x"))
    assert "the metric 'odd'" in str(caught.value)


def test_a_metric_may_say_in_words_what_its_number_means() -> None:
    @metric()
    def units(answer: str, outputs: tuple[str, ...]) -> tuple[float, str]:
        """Whether there is a unit."""
        return (1.0, "") if answer.endswith("km") else (0.5, "The unit is missing.")

    assert units.grade("3 km", example("3 km")) == (1.0, "")
    assert units.grade("3", example("3 km")) == (0.5, "The unit is missing.")


def test_a_metric_that_has_nothing_to_say_puts_no_word_into_a_prompt() -> None:
    @metric()
    def silent(answer: str, outputs: tuple[str, ...]) -> tuple[float, str]:
        """A number, and nothing beside it."""
        return 1.0, None  # type: ignore[return-value] # plug-ins are not all checked

    assert silent.grade("x", example("x")) == (1.0, "")


@pytest.mark.parametrize(("answer", "read", "readable"), [("It is 3 km", "3", True), ("far", "", False)])
def test_a_metric_may_give_back_what_it_read(answer: str, read: str, readable: bool) -> None:
    @metric()
    def length(answer: str, outputs: tuple[str, ...]) -> tuple[float, str, str | None]:
        """A length in km."""
        number = next((word for word in answer.split() if word.isdigit()), None)
        return float(number is not None), "", number

    found = length.measure(answer, example("3 km"))
    assert (found.read, found.readable, found.value) == (read, readable, float(readable))


@pytest.mark.parametrize("output", ["2024-05-12", "3-5", "12:30", "3 or 4"])
def test_an_accepted_output_that_is_no_single_number_is_refused_before_the_run(output: str) -> None:
    assert "no single number" in find_metric("numeric").accepts([example("5"), example(output)], ())


@pytest.mark.parametrize("output", ["GPT-4", "COVID-19", "B-52", "A380", "C4", "5A", "0b101", "v2.0", "PM2.5", "x-3"])
def test_the_digits_of_a_name_are_no_accepted_number(output: str) -> None:
    assert "hold no number" in find_metric("numeric").accepts([example(output)], ())


DATA = os.environ.get("PROMPTWIRE_TEST_DATA")
"""A folder of evaluation tasks, each with a `task.json` that names its metric."""


@pytest.mark.skipif(not DATA, reason="PROMPTWIRE_TEST_DATA names no folder of tasks")
def test_real_tasks_are_accepted_by_their_metric_and_score_themselves_as_right() -> None:
    folders = sorted(path.parent for path in Path(DATA or "").glob("*/task.json"))
    assert folders
    for folder in folders:
        found = find_metric(json.loads((folder / "task.json").read_text(encoding="utf-8"))["metric"])
        rows = [json.loads(line) for line in (folder / "test.jsonl").read_text(encoding="utf-8").splitlines()]
        given = [row["output"] if isinstance(row["output"], list) else [row["output"]] for row in rows]
        examples = [Example(input=row["input"], outputs=tuple(outputs)) for row, outputs in zip(rows, given, strict=True)]
        assert found.accepts(examples, ()) == "", folder.name
        for item in examples:
            assert found.grade(item.output, item) == (1.0, ""), (folder.name, item.output)


@pytest.mark.parametrize(
    ("declared", "perfect", "scale"),
    [
        ({}, 1.0, (0.0, 1.0)),
        ({"scale": (0, 100)}, 100.0, (0.0, 100.0)),
        ({"scale": (-10, 0)}, 0.0, (-10.0, 0.0)),
        ({"scale": (0, 5), "perfect": None}, None, (0.0, 5.0)),
        ({"perfect": None}, None, None),
        ({"perfect": 100}, 100, None),
    ],
)
def test_a_metric_declares_its_scale(
    declared: dict[str, Any], perfect: float | None, scale: tuple[float, float] | None
) -> None:
    found = metric(**declared)(measure_length.value)
    assert (found.perfect, found.scale) == (perfect, scale)


@pytest.mark.parametrize(
    ("declared", "values", "seen"),
    [
        ({}, [], (1.0, (0.0, 1.0))),
        ({}, [0.0, 1.0], (1.0, (0.0, 1.0))),
        ({}, [0.0, 87.0], (None, None)),
        ({}, [-0.5], (None, None)),
        ({"scale": (0, 100)}, [87.0, 100.0], (100.0, (0.0, 100.0))),
        ({"scale": (0, 100)}, [101.0], (None, None)),
        ({"perfect": 0}, [-3.0, 0.0], (0, None)),
        ({"perfect": 0}, [-3.0, 2.0], (None, None)),
    ],
)
def test_a_value_off_the_scale_makes_it_unknown(declared: dict[str, Any], values: list[float], seen: Any) -> None:
    assert metric(**declared)(measure_length.value).seen(values) == seen


@pytest.mark.parametrize("scale", [(1, 0), (0, 0), (0, float("inf")), (float("nan"), 1)])
def test_a_scale_that_does_not_rise_is_refused(scale: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="goes from a number to a larger one"):
        metric(scale=scale)


def test_a_metric_of_a_plug_in_says_whether_it_needs_accepted_outputs() -> None:
    def brief(answer: str, outputs: tuple[str, ...]) -> float:
        return 1.0 / (1 + len(answer))

    assert metric()(brief).reference
    free = metric(reference=False)(brief)
    assert not free.reference
    assert free.measure("abc", Example(input="i")).value == 0.25


def test_four_metrics_need_no_accepted_outputs_and_only_none_gives_no_value() -> None:
    found = [find_metric(name) for name in names()]
    assert sorted(one.name for one in found if not one.reference) == ["contains-json", "judge", "none", "valid-json"]
    assert [one.name for one in found if not one.valued] == ["none"]
    assert not math.isfinite(find_metric("none").measure("said", Example(input="i")).value)
