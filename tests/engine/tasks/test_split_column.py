"""`data: {split: COLUMN}` divides the rows of one file; other values, other files and missing columns are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.errors import DataError, PipelineError
from promptwire.tasks.task import Task, load_task


def task(folder: Path, values: list[str], data: str = "{train: a.csv, split: part}") -> Task:
    rows = "".join(f"text {at},{'ab'[at % 2]},{value}\n" for at, value in enumerate(values))
    (folder / "a.csv").write_text(f"input,output,part\n{rows}")
    (folder / "task.yaml").write_text(f"prompt: x\ndata: {data}\n")
    return load_task(str(folder / "task.yaml"))


def test_each_row_goes_to_the_split_that_it_names(tmp_path: Path) -> None:
    found = task(tmp_path, ["train", "Test", "validation", "train", "test "])
    assert [one.text for one in found.train.items] == ["text 0", "text 3"]
    assert found.dev and [one.text for one in found.dev.items] == ["text 2"]
    assert [one.text for one in found.test.items] == ["text 1", "text 4"]


def test_without_a_test_row_half_of_train_is_held_out(tmp_path: Path) -> None:
    found = task(tmp_path, ["train"] * 6)
    assert (len(found.train), found.dev, len(found.test)) == (3, None, 3)


@pytest.mark.parametrize(
    ("values", "data", "message"),
    [
        (["train", "fold 3"], "{train: a.csv, split: part}", "holds 'fold 3', which is no name of a split .*\n.*known: train"),
        (["test", "test"], "{train: a.csv, split: part}", "names no example for train"),
        (["train", "test"], "{train: a.csv, split: set}", "there is no column 'set' .*\n.*other columns: 'part'"),
    ],
)
def test_rows_that_cannot_be_divided_are_refused(tmp_path: Path, values: list[str], data: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        task(tmp_path, values, data)


def test_a_file_of_its_own_beside_the_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"task\.yaml:2:7: .*there is no file for test"):
        task(tmp_path, ["train", "test"], "{train: a.csv, test: a.csv, split: part}")
