"""The data of a task: how the task file says that files are written, and what is no data file."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.errors import DataError, PipelineError, PromptwireError
from promptwire.tasks.task import load_task

CP1252 = "text;label\ncafé;0\nthé;1\nmaïs;0\n".encode("cp1252")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a file of data."""
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_bytes(CP1252)
    Path("plain.csv").write_text("a,b\nc,d\n")
    Path("sub").mkdir()
    Path("a.csv.gz").write_bytes(b"\x1f\x8b\x08\x00")
    Path("rows.xml").write_text("<a/>")
    return tmp_path


def written(data: str) -> str:
    Path("t.yaml").write_text(f"promptwire: 1\nprompt: p\n{data}\n")
    return "t.yaml"


def test_the_task_file_says_how_its_files_are_written(folder: Path) -> None:
    columns = 'columns: {input: text, output: label, names: {"0": "No", "1": "Yes"}}'
    task = load_task(written(f"data: {{train: a.csv, test: a.csv, encoding: cp1252}}\n{columns}"))
    assert [(one.input, one.output) for one in task.train.items] == [("café", "No"), ("thé", "Yes"), ("maïs", "No")]
    assert [note for note in task.notes if "cells end" in note] == ["train: cells end at ';'", "test: cells end at ';'"]


def test_columns_by_number_tell_that_the_first_row_is_an_example(folder: Path) -> None:
    task = load_task(written("data: {train: plain.csv}\ncolumns: {input: 0, output: 1}"))
    assert sorted(one.output for one in (*task.train.items, *task.test.items)) == ["b", "d"]
    assert "train: read without a header: the first row is an example" in task.notes


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        ("data: {train: a.csv, encoding: latin9x}", "3:32", "'latin9x' is no known encoding"),
        ("data: {train: a.csv, encoding: base64}", "3:32", "'base64' is no known encoding"),
        ("data: {train: a.csv, delimiter: ab}", "3:33", "a delimiter is one character or `tab`, not 'ab'"),
        ("data: {train: a.csv, sheet: 0}", "3:29", "a sheet is a name, or a number from 1, not 0"),
        ("data: {train: a.csv}\ncolumns: {input: -1}", "4:18", "a column is numbered from 0, not -1"),
        ("data: {train: a.csv}\ncolumns: {input: true}", "4:18", "a column is a name, or a number from 0, or a list of these"),
        ("data: {train: a.csv}\ncolumns: {output: [a, b]}", "4:19", "a column is a name, or a number from 0, not a list"),
    ],
)
def test_a_wrong_setting_is_one_error_at_its_place(data: str, place: str, message: str, folder: Path) -> None:
    with pytest.raises(PipelineError) as caught:
        load_task(written(data))
    (problem,) = caught.value.problems
    assert f"{problem.location.line}:{problem.location.column}" == place and message in problem.message


@pytest.mark.parametrize("named", ["task file", "command line"])
@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("sub", "this is a folder, not a data file|no train file in this folder"),
        ("https://example.org/a.csv", "data are read from files, not from an address"),
        ("s3://bucket/a.jsonl", "data are read from files, not from an address"),
        ("a.csv.gz", "is compressed with gzip"),
        ("rows.xml", "unknown kind of data file '.xml'"),
        ("a.csv", "a.csv:2: the file is not UTF-8"),
        ("missing.csv", "there is no (such )?data file"),
    ],
)
def test_what_is_no_data_file_is_one_error(file: str, message: str, named: str, folder: Path) -> None:
    with pytest.raises(DataError, match=message) as caught:
        if named == "task file":
            load_task(written(f'data: {{train: "{file}"}}'))
        else:
            load_task(file, {"prompt": "p"})
    assert caught.value.hint


def test_no_file_but_the_data_is_taken_for_data(folder: Path) -> None:
    Path("sentiment").write_text("not a task")
    assert load_task("sentiment").name == "sentiment" and len(load_task("sentiment").train) > 50
    with pytest.raises(PromptwireError, match=r"no-such-task"):
        load_task("no-such-task.abc")
