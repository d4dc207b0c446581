"""Tasks of BIG-bench are read as they are: one target or several, or the options with the highest score."""

from __future__ import annotations

import json
from typing import Any

import pytest

from promptwire.errors import DataError

SCORES = {"input": "Is it?", "target_scores": {"Yes": 1, "No": 0}}


def task(*rows: dict[str, Any], **keys: Any) -> str:
    return json.dumps({"name": "t", "canary": "x", "examples": list(rows), **keys})


def test_targets_are_the_accepted_outputs(read: Any) -> None:
    text = task({"input": "a", "target": "b"}, {"input": "c", "target": ["d", "e"]}, {"input": "f", "target": 2})
    assert [one.outputs for one in read("task.json", text).examples.items] == [("b",), ("d", "e"), ("2",)]
    assert [one.outputs for one in read("task.json", text, {"output": "target"}).examples.items] == [("b",), ("d", "e"), ("2",)]


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({}, "Is it?\n  choice: Yes\n  choice: No"),
        ({"choice_prefix": " / "}, "Is it? / Yes / No"),
        ({"append_choices_to_input": False}, "Is it?"),
    ],
)
def test_options_are_added_to_the_input_as_the_file_says(keys: dict[str, Any], wanted: str, read: Any) -> None:
    found = read("task.json", task(SCORES, **keys))
    assert [(one.input, one.outputs) for one in found.examples.items] == [(wanted, ("Yes",))]
    assert bool(found.notes) == (wanted != "Is it?")


def test_all_options_with_the_highest_score_are_accepted(read: Any) -> None:
    row = {"input": "x", "target_scores": {"a": 0.5, "b": 0.5, "c": 0.1}}
    assert read("task.json", task(row)).examples.items[0].outputs == ("a", "b")


def test_scores_of_nought_leave_no_output(read: Any) -> None:
    with pytest.raises(DataError, match=r"task.json:1: the column 'output' is empty"):
        read("task.json", task({"input": "x", "target_scores": {"a": 0, "b": 0}}))


def test_scores_in_json_lines_are_a_column_as_any_other(read: Any) -> None:
    found = read("a.jsonl", json.dumps({**SCORES, "output": "Yes"}))
    assert (found.examples.items[0].input, found.examples.items[0].meta) == ("Is it?", {"target_scores": {"Yes": 1, "No": 0}})
