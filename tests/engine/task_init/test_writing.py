"""Task files are written whole or not at all, and never in place of another one unasked."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from promptwire.errors import UsageError
from promptwire.task_init.checks import Checked
from promptwire.task_init.drafted import Draft
from promptwire.task_init.writing import write_task

NOTHING = Checked(train=1, dev=None, test=1, warnings=(), notes=(), requests=())


def draft(file: Path, text: str = "new", **beside: str) -> Draft:
    return Draft(file, text, {}, (), NOTHING, beside={f"{name}.jsonl": content for name, content in beside.items()})


def test_a_task_and_its_data_are_written_with_usual_rights(tmp_path: Path) -> None:
    write_task(draft(tmp_path / "task.yaml", "a: é\r\u2028", data="{}\n"), force=False)
    assert (tmp_path / "task.yaml").read_bytes() == "a: é\r\u2028".encode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.jsonl", "task.yaml"]
    (tmp_path / "other").touch()
    assert stat.S_IMODE((tmp_path / "task.yaml").stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)


@pytest.mark.parametrize("there", ["task.yaml", "data.jsonl"])
def test_a_file_that_is_there_stays_and_nothing_is_written(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("old")
    with pytest.raises(UsageError, match=f"{there}: there is such a file already\n.*--force"):
        write_task(draft(tmp_path / "task.yaml", data="{}"), force=False)
    assert [path.name for path in tmp_path.iterdir()] == [there] and (tmp_path / there).read_text() == "old"
    write_task(draft(tmp_path / "task.yaml", data="{}"), force=True)
    assert (tmp_path / "task.yaml").read_text() == "new"


def test_a_file_that_holds_the_text_already_stays_without_force(tmp_path: Path) -> None:
    """Such as the program of a configuration's asserts, in whose folder the task file is written."""
    (tmp_path / "data.jsonl").write_bytes(b"\xef\xbb\xbf{}")
    write_task(draft(tmp_path / "task.yaml", data="{}"), force=False)
    assert (tmp_path / "task.yaml").read_text() == "new"
    assert (tmp_path / "data.jsonl").read_bytes() == b"\xef\xbb\xbf{}"


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "else.yaml").write_text("old")
    os.symlink(tmp_path / "else.yaml", tmp_path / "task.yaml")
    with pytest.raises(UsageError, match="already"):
        write_task(draft(tmp_path / "task.yaml"), force=False)
    write_task(draft(tmp_path / "task.yaml"), force=True)
    assert (tmp_path / "else.yaml").read_text() == "old"


def test_a_folder_that_there_is_not_is_one_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be written: No such file"):
        write_task(draft(tmp_path / "nowhere" / "task.yaml"), force=False)
    assert not list(tmp_path.iterdir())


def test_a_failure_takes_back_what_was_written(tmp_path: Path) -> None:
    (tmp_path / "task.yaml").mkdir()
    with pytest.raises(UsageError, match="this is a folder"):
        write_task(draft(tmp_path / "task.yaml", data="{}"), force=True)
    assert not (tmp_path / "data.jsonl").exists()
