"""Answers that no cache took lie in the first folder that takes a file, and nothing is left in those that do not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from promptwire.calls import rescue as module
from promptwire.calls.exchange import import_answers
from promptwire.calls.kept import Kept, Note
from promptwire.calls.rescue import rescue
from promptwire.request import Answer

ANSWERS = {f"{number:064x}": Kept(Answer(f"paid {number}"), Note("m", "generate"), 1.0) for number in range(3)}


def test_the_first_folder_that_takes_a_file_gets_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, there = tmp_path / "gone", tmp_path / "there"
    there.mkdir()
    monkeypatch.setattr(module, "_folders", lambda: iter([gone, there]))
    left = rescue(ANSWERS)
    assert left is not None and left.parent == there
    assert left.stat().st_mode & 0o777 == 0o600
    assert import_answers(left, tmp_path / "cache") == (3, 3)


def test_where_no_disk_takes_them_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_folders", lambda: iter([tmp_path]))
    monkeypatch.setattr(os, "fsync", full)
    assert rescue(ANSWERS) is None
    assert list(tmp_path.iterdir()) == []
