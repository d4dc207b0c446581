"""Fallback dump: the first writable folder gets the file, and a failed dump leaves none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from promptwire.backend import Completion
from promptwire.cache import fallback_dump as module
from promptwire.cache.fallback_dump import write_fallback_dump
from promptwire.cache.import_export import import_responses
from promptwire.cache.record import CacheRecord, RequestMeta

ANSWERS = {
    f"{number:064x}": CacheRecord(Completion(f"paid {number}"), RequestMeta("m", "generate"), 1.0) for number in range(3)
}


def test_the_dump_is_written_to_the_first_writable_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, there = tmp_path / "gone", tmp_path / "there"
    there.mkdir()
    monkeypatch.setattr(module, "_folders", lambda: iter([gone, there]))
    left = write_fallback_dump(ANSWERS)
    assert left is not None and left.parent == there
    assert left.stat().st_mode & 0o777 == 0o600
    assert import_responses(left, tmp_path / "cache") == (3, 3, 0)


def test_a_failed_dump_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_folders", lambda: iter([tmp_path]))
    monkeypatch.setattr(os, "fsync", full)
    assert write_fallback_dump(ANSWERS) is None
    assert list(tmp_path.iterdir()) == []
