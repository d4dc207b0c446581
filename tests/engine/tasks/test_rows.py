"""Cells of a row become an input and accepted outputs, by the settings of the task's columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from promptwire.errors import DataError
from promptwire.tasks.columns import Columns
from promptwire.tasks.readers import read_examples
from promptwire.tasks.rows import example_of

GSM8K = {"question": "How many?", "answer": "4 + 68 = <<4+68=72>>72\n#### 72"}
AQUA = {"question": "What?", "options": ["A)1", "B)2", "C)3"], "rationale": "so", "correct": "B"}
CONCEPT = {"concept": "swing.", "items": ["guitars", "pendulums"], "all_common_concepts": ["swing.", "vibrate."]}
SQUAD = {"context": "c", "question": "q", "answers": {"text": ["one", "1"], "answer_start": [3, 9]}}
ARC = {"question": {"stem": "Why?", "choices": [{"text": "x", "label": "A"}]}, "answerKey": "A"}


@pytest.mark.parametrize(
    ("row", "columns", "source", "outputs"),
    [
        (GSM8K, {"input": "question", "output": "answer", "after": "####"}, "How many?", ("72",)),
        (AQUA, {"input": "question", "output": "correct"}, "What?", ("B",)),
        (
            AQUA,
            {"input": ["question", "options"], "output": "correct"},
            {"question": "What?", "options": "A)1\nB)2\nC)3"},
            ("B",),
        ),
        (
            CONCEPT,
            {"input": "items", "output": "all_common_concepts", "join": ", "},
            "guitars, pendulums",
            ("swing.", "vibrate."),
        ),
        (SQUAD, {"input": ["context", "question"], "output": "answers.text"}, {"context": "c", "question": "q"}, ("one", "1")),
        (ARC, {"input": "question.stem", "output": "answerKey"}, "Why?", ("A",)),
        (ARC, {"input": "question.choices.0.text", "output": "answerKey"}, "x", ("A",)),
        ({"text": "t", "label": 0}, {"input": "text", "output": "label", "names": {0: "No", 1: "Yes"}}, "t", ("No",)),
        ({"text": "t", "label": "true"}, {"input": "text", "output": "label", "names": {True: "Yes"}}, "t", ("Yes",)),
        ({"q": "t", "a": "one; two;"}, {"input": "q", "output": "a", "separator": ";"}, "t", ("one", "two")),
        ({"input": {"a": "x", "b": 1}, "output": "y"}, {}, {"a": "x", "b": "1"}, ("y",)),
        (
            {"q": "t", "o": {"A": "x", "B": "y"}, "a": "A"},
            {"input": ["q", "o"], "output": "a"},
            {"q": "t", "o": "A: x\nB: y"},
            ("A",),
        ),
        ({"a.b": "t", "a": {"b": "no"}, "output": "y"}, {"input": "a.b"}, "t", ("y",)),
    ],
)
def test_rows_of_the_papers_become_examples(row: dict[str, Any], columns: dict[str, Any], source: Any, outputs: Any) -> None:
    example = example_of(row, Columns(**columns), "here")
    assert (example.input, example.outputs) == (source, outputs)


@pytest.mark.parametrize(
    ("row", "columns", "problem"),
    [
        ({"input": "a", "output": "no marker"}, {"after": "####"}, "the column 'output' lacks the marker '####'"),
        ({"input": "a", "output": "2"}, {"names": {0: "No"}}, "the column 'output' holds '2', which has no name"),
        ({"input": "a", "output": " ; "}, {"separator": ";"}, "the column 'output' is empty"),
        ({"input": "a", "output": None}, {}, "the column 'output' is empty"),
        ({"input": [], "output": "b"}, {}, "the column 'input' holds a list, not text"),
        ({"input": [{"x": 1}], "output": "b"}, {}, "the column 'input' holds a mapping, not text"),
        ({"a": {"b": 1}, "output": "b"}, {"input": "a.c"}, "there is no column 'a.c'"),
        ({"OUTPUT": "x", "input": "a"}, {}, "the column 'OUTPUT' differs in case or blanks"),
    ],
)
def test_a_cell_that_does_not_fit_is_told_with_its_column(row: dict[str, Any], columns: dict[str, Any], problem: str) -> None:
    with pytest.raises(DataError) as caught:
        example_of(row, Columns(**columns), lambda column: f"file, column {column}")
    assert problem in str(caught.value) and str(caught.value).startswith("file, column ")


@pytest.mark.parametrize(
    "wrong", [{"input": -1}, {"output": -1}, {"input": True}, {"input": [0, "0"]}, {"output": ""}, {"after": ""}]
)
def test_columns_that_name_none_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Columns(**wrong)


def _ii(name: str) -> Callable[[list[dict[str, Any]]], str]:
    return lambda rows: json.dumps(
        {"metadata": {"n": 1}, "examples": {str(at): {**row, name: 1} for at, row in enumerate(rows, 1)}}
    )


SHAPES: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "task.json": lambda rows: json.dumps({"examples": [{"input": row["input"], "target": row["output"]} for row in rows]}),
    "raw.json": _ii("concept"),
    "tok.json": lambda rows: "\n".join(map(json.dumps, rows)),
    "list.json": lambda rows: json.dumps([[row["input"], row["output"]] for row in rows]),
    "columns.json": lambda rows: json.dumps({name: [row[name] for row in rows] for name in ("input", "output")}),
}
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
TASKS = sorted(path.parent.name for path in DATA.glob("*/train.jsonl")) if DATA.is_dir() else []


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("task", [*TASKS, "own"])
def test_every_task_is_the_same_in_every_shape_of_json(task: str, shape: str, tmp_path: Path) -> None:
    own = [{"input": "a\u2028b", "output": ["x", "y"]}, {"input": 'say "c"', "output": "007"}]
    lines = (DATA / task / "train.jsonl").read_text(encoding="utf-8").split("\n")[:60] if task != "own" else []
    rows = [json.loads(line) for line in lines if line] or own
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / shape).write_text(SHAPES[shape](rows), encoding="utf-8")
    wanted, found = (read_examples(tmp_path / name).examples.items for name in ("a.jsonl", shape))
    assert [one.id for one in found] == [one.id for one in wanted] and wanted
