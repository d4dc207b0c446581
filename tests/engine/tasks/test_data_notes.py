"""Notes on a task's data, and tasks whose examples come in groups."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import DataError
from promptwire.results.provenance import fingerprint
from promptwire.tasks.splits import group_of
from promptwire.tasks.task import Task, load_task
from promptwire.values import Example, Examples


def made(folder: Path, rows: list[dict[str, Any]], **files: list[dict[str, Any]]) -> Path:
    """A task with the column `doc` for groups."""
    for name, lines in {"train": rows, **files}.items():
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    data = {name: f"{name}.jsonl" for name in ("train", *files)}
    (folder / "task.yaml").write_text(f"promptwire: 1\nprompt: Say it.\ndata: {json.dumps(data)}\ngroup: doc\n")
    return folder / "task.yaml"


def rows(groups: int, of: int, first: int = 0) -> list[dict[str, Any]]:
    return [
        {"input": f"{group}.{number}", "output": "yes", "doc": group}
        for group in range(first, first + groups)
        for number in range(of)
    ]


def names(examples: Examples | None) -> set[str]:
    assert examples is not None
    return {group_of(example, "doc") for example in examples.items}


def test_groups_are_held_out_whole(tmp_path: Path) -> None:
    task: Task = load_task(str(made(tmp_path, rows(10, 4)))).with_dev()
    parts = [names(task.train), names(task.dev), names(task.test)]
    assert set.union(*parts) == {str(number) for number in range(10)} and sum(map(len, parts)) == 10
    assert not any("groups" in note for note in task.notes)


def test_examples_with_an_empty_input_are_counted_in_a_warning(tmp_path: Path) -> None:
    task = load_task(str(made(tmp_path, [*rows(3, 2), {"input": " ", "output": "no", "doc": "x"}], test=rows(3, 2, first=3))))
    assert "warning: 1 of 7 train examples have an empty input" in task.notes
    assert not any("test examples have an empty" in note for note in task.notes)


@pytest.mark.parametrize(
    ("given", "blank"),
    [("a", False), ("", True), (" \n\t", True), ({"a": "x", "b": ""}, False), ({"a": " ", "b": ""}, True), ("0", False)],
)
def test_an_example_is_blank_without_a_character_in_any_field(given: str | dict[str, str], blank: bool) -> None:
    assert Example(input=given, outputs=("y",)).blank is blank


def test_groups_that_are_also_seen_are_named_in_a_warning(tmp_path: Path) -> None:
    task = load_task(str(made(tmp_path, rows(10, 2), test=rows(4, 3, first=8))))
    assert "warning: 2 of 4 groups of test examples are also in train or dev" in task.notes


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"input": "x", "output": "y", "page": 1}, "there is no column 'doc' for the groups.*other columns: 'page'"),
        ({"input": "x", "output": "y", "doc": None}, "the column 'doc' is empty for 'x'"),
        ({"input": "x", "output": "y", "doc": " "}, "the column 'doc' is empty for 'x'"),
    ],
)
def test_an_example_without_its_group_is_refused(tmp_path: Path, row: dict[str, Any], problem: str) -> None:
    with pytest.raises(DataError, match=rf"(?s)train\.jsonl.*{problem}"):
        load_task(str(made(tmp_path, [*rows(3, 2), row])))


def test_groups_are_part_of_the_fingerprint_and_their_absence_is_not(tmp_path: Path) -> None:
    task = load_task(str(made(tmp_path, rows(3, 2), test=rows(2, 2, first=5))))
    plain = task.model_copy(update={"group": None})
    assert fingerprint(task) != fingerprint(plain)
