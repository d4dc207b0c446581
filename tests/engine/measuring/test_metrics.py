"""Metrics are found by name, refuse data that they can't score, and never replace one another."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import UsageError
from promptwire.measuring import metrics
from promptwire.measuring.metrics import Metric, metric, names
from promptwire.values import Example


def example(*outputs: str, input: str = "in") -> Example:
    return Example(input=input, outputs=outputs)


def measure_length(answer: str, outputs: tuple[str, ...]) -> float:
    """How long the answer is."""
    return float(len(answer))


OWN = Metric("own", "Another package's.", measure_length)
NUMBER = 3


@pytest.fixture
def brings(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Entry points of other packages."""

    def bring(**points: str) -> None:
        found = [EntryPoint(name.replace("_", "-"), f"{__name__}:{what}", metrics.GROUP) for name, what in points.items()]

        def load(self: EntryPoint) -> Any:
            return globals()[self.attr]

        monkeypatch.setattr(EntryPoint, "load", load)
        monkeypatch.setattr(metrics, "entry_points", lambda group: found if group == metrics.GROUP else [])

    return bring


@pytest.mark.parametrize("name", ["exact", "any-of", "induction", "contains", "set", "exact-set", "f1", "numeric"])
def test_built_in_metrics_score_texts_from_0_to_1(name: str) -> None:
    found = metric(name)
    assert (found.needs, found.perfect) == ("text", 1.0)
    assert found.value("(A) 3", ("(A) 3",)) == 1.0
    assert found.value("no", ("(A) 3",)) == 0.0


@pytest.mark.parametrize(
    ("name", "needs", "perfect"), [("choice", "choice", 1.0), ("logprob", "logprob", None), ("judge", "judge", 1.0)]
)
def test_other_metrics_say_what_they_need(name: str, needs: str, perfect: float | None) -> None:
    assert (metric(name).needs, metric(name).perfect) == (needs, perfect)


@pytest.mark.parametrize("name", ["logprob", "judge"])
def test_a_metric_that_reads_no_text_never_gives_a_silent_0(name: str) -> None:
    with pytest.raises(TypeError):
        metric(name).value("answer", ("answer",))


def test_an_unknown_metric_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="did you mean 'exact'"):
        metric("exakt")


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
    assert words in metric(name).accepts(examples, labels)


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
    assert metric(name).accepts([found], labels) == ""


def test_multiple_choice_grades_the_text_of_an_option_by_the_question() -> None:
    question = example("(B)", input="Where?\nOptions:\n(A) Paris\n(B) Rome")
    found = metric("multiple-choice")
    assert (found.grade("Rome", question), found.grade("Paris", question), found.grade("(B)", question)) == (1.0, 0.0, 1.0)


def test_a_function_of_another_package_is_a_metric(brings: Callable[..., None]) -> None:
    brings(measure_length="measure_length", own="OWN")
    assert (metric("measure-length").value("abc", ()), metric("measure-length").doc) == (3.0, "How long the answer is.")
    assert metric("own") is OWN
    assert {"own", "measure-length", "exact"} <= set(names())


@pytest.mark.parametrize(
    ("points", "name", "words"),
    [
        ({"exact": "measure_length"}, "exact", "comes from"),
        ({"number": "NUMBER"}, "number", "neither a Metric nor a function"),
        ({"other": "OWN"}, "other", "calls itself 'own'"),
        ({"missing": "NOT_THERE"}, "missing", "can't be loaded"),
    ],
)
def test_what_another_package_brings_wrongly_is_refused(
    brings: Callable[..., None], points: dict[str, str], name: str, words: str
) -> None:
    brings(**points)
    with pytest.raises(UsageError, match=words):
        metric(name)


DATA = os.environ.get("PROMPTWIRE_TEST_DATA")
"""A folder of evaluation tasks, each with a `task.json` that names its metric."""


@pytest.mark.skipif(not DATA, reason="PROMPTWIRE_TEST_DATA names no folder of tasks")
def test_real_tasks_are_accepted_by_their_metric_and_score_themselves_as_right() -> None:
    folders = sorted(path.parent for path in Path(DATA or "").glob("*/task.json"))
    assert folders
    for folder in folders:
        found = metric(json.loads((folder / "task.json").read_text(encoding="utf-8"))["metric"])
        rows = [json.loads(line) for line in (folder / "test.jsonl").read_text(encoding="utf-8").splitlines()]
        given = [row["output"] if isinstance(row["output"], list) else [row["output"]] for row in rows]
        examples = [Example(input=row["input"], outputs=tuple(outputs)) for row, outputs in zip(rows, given, strict=True)]
        assert found.accepts(examples, ()) == "", folder.name
        for item in examples:
            assert found.grade(item.output, item) == 1.0, (folder.name, item.output)
