"""Files of an export: nothing but a plain file is ever replaced, and nothing is left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from promptwire.errors import UsageError
from promptwire.exporting.files import write_files


@pytest.mark.parametrize(
    ("what", "folder", "problem"),
    [("pipe", False, "is no file"), ("folder", False, "is no file"), ("file", True, "is no folder"), ("-", False, "terminal")],
)
def test_what_is_no_file_is_not_replaced_even_with_force(tmp_path: Path, what: str, folder: bool, problem: str) -> None:
    target = tmp_path / what
    {"pipe": os.mkfifo, "folder": os.mkdir, "file": Path.touch}.get(what, str)(target)
    before = os.lstat(target).st_mode if os.path.lexists(target) else None
    with pytest.raises(UsageError, match=problem):
        write_files(Path("-") if what == "-" else target, {"a.txt": "text"}, folder=folder, force=True)
    assert (os.lstat(target).st_mode if os.path.lexists(target) else None) == before


def test_a_link_to_a_device_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "stdout").symlink_to(os.devnull)
    with pytest.raises(UsageError, match="is no file"):
        write_files(tmp_path / "stdout", {"a.txt": "text"}, folder=False, force=True)
    assert (tmp_path / "stdout").is_symlink()


def test_a_link_to_a_file_stays_and_the_file_is_written_with_force(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real" / "a.txt")
    write_files(tmp_path / "link.txt", {"a.txt": "new"}, folder=False, force=True)
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real" / "a.txt").read_text() == "new"


def test_a_file_of_the_user_that_ends_in_part_stays(tmp_path: Path) -> None:
    (tmp_path / "a.txt.part").write_text("mine")
    write_files(tmp_path / "a.txt", {"a.txt": "text"}, folder=False, force=False)
    assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {"a.txt": "text", "a.txt.part": "mine"}
