"""Folders of data files: the splits by their names, one file alone, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.errors import DataError
from promptwire.task_init.data_files import find_data


def folder(path: Path, names: list[str]) -> Path:
    path = path / "mood"
    path.mkdir()
    for name in names:
        (path / name).write_text("x")
    return path


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["train.csv", "dev.csv", "test.csv"], ["train.csv", "dev.csv", "test.csv"]),
        (["mood_train.jsonl", "mood-val.jsonl", "mood.test.jsonl"], ["mood_train.jsonl", "mood-val.jsonl", "mood.test.jsonl"]),
        (["train-00000-of-00001.parquet", "test-00000-of-00001.parquet"], None),
        (["train.csv", "notes.csv", "README.md"], ["train.csv"]),
        (["mood.csv", "requirements.txt", "readme.txt", "task.json"], ["mood.csv"]),
        (["lines.txt"], ["lines.txt"]),
    ],
)
def test_files_of_a_folder_are_found_by_their_names(tmp_path: Path, names: list[str], splits: list[str] | None) -> None:
    found = find_data(str(folder(tmp_path, names)))
    assert [path.name for path in found.files.values()] == (splits or names)
    assert found.name == "mood" and found.guess is not None


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "there is no data file in this folder"),
        (["a.csv", "b.csv"], "not clear which file .*\n.*name one: a.csv, b.csv"),
        (["test.csv", "dev.csv"], "not clear which file"),
        (["train.csv", "train.jsonl"], "several files may hold train\n.*train.csv, train.jsonl"),
    ],
)
def test_a_folder_without_a_safe_choice_is_refused(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        find_data(str(folder(tmp_path, names)))


def test_a_file_of_one_split_takes_the_folders_name_and_says_what_is_beside_it(tmp_path: Path) -> None:
    found = find_data(str(folder(tmp_path, ["train.csv", "test.csv"]) / "train.csv"))
    assert (list(found.files), found.name) == (["train"], "mood")
    assert found.guess and found.guess.why == "test.csv is beside it: name the folder to use both"


@pytest.mark.parametrize("source", ["nowhere.csv", "https://example.org/a.csv", "a\0b", "x" * 5000])
def test_what_is_no_file_is_one_error(source: str) -> None:
    with pytest.raises(DataError):
        find_data(source)
