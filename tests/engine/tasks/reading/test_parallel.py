"""Inputs in one text file and outputs in others, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.errors import DataError, PipelineError
from promptwire.tasks.task import load_task


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("a.src").write_text("one\ntwo\n\nthree\n")
    Path("a.tgt").write_text("eins\nzwei\n\ndrei")
    Path("a.more").write_text("1\n\n\n3\n")
    Path("short.tgt").write_text("eins\n")
    return "promptwire: 1\nprompt: p\ndata: {train: [a.src, a.tgt, a.more]}\n"


def test_each_file_after_the_first_holds_an_accepted_output(task: str) -> None:
    Path("t.yaml").write_text(task)
    loaded = load_task("t.yaml")
    found = {one.input: one.outputs for one in (*loaded.train.items, *loaded.test.items)}
    assert found == {"one": ("eins", "1"), "two": ("zwei",), "three": ("drei", "3")}


def test_files_of_different_length_are_refused(task: str) -> None:
    Path("t.yaml").write_text(task.replace("a.more", "short.tgt"))
    with pytest.raises(DataError, match=r"short.tgt: the file ends after 1 lines, but a.src goes on"):
        load_task("t.yaml")


@pytest.mark.parametrize("files", ["[a.src]", "[]", '""', '[a.src, ""]', "7", "[a.src, [b]]"])
def test_what_names_no_files_is_refused_at_its_line(files: str, task: str) -> None:
    Path("t.yaml").write_text(task.replace("[a.src, a.tgt, a.more]", files))
    with pytest.raises(PipelineError) as caught:
        load_task("t.yaml")
    assert caught.value.problems[0].location.line == 3


def test_a_file_outside_of_the_folder_is_refused(task: str, tmp_path: Path) -> None:
    Path("sub").mkdir()
    Path("sub/t.yaml").write_text(task.replace("[a.src, a.tgt, a.more]", "[../a.src, ../a.tgt]"))
    with pytest.raises(PipelineError, match="leads out of the task's folder"):
        load_task("sub/t.yaml")
