"""What is opened is seen, and a fence holds against every way around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.errors import UsageError
from promptwire.security.access_log import FileAccessLog, log_access


def test_files_are_seen_only_while_it_watches(tmp_path: Path) -> None:
    witness = FileAccessLog()
    log_access(tmp_path / "before")
    with witness.watching():
        log_access(tmp_path / "during")
    log_access(tmp_path / "after")
    assert witness.seen == {tmp_path / "during"}


def test_a_fence_keeps_out_dots_and_links(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to(tmp_path / "secret")
    with FileAccessLog(fence=[tmp_path / "inside"]).watching():
        log_access(tmp_path / "inside" / "file")
        for name in ("inside/../secret", "inside/link", "secret", "inside-too/file"):
            with pytest.raises(UsageError, match="outside of itself"):
                log_access(tmp_path / name)


def test_files_of_examples_are_noted_apart(tmp_path: Path) -> None:
    witness = FileAccessLog()
    with witness.watching():
        log_access(tmp_path / "a.yaml")
        log_access(tmp_path / "a.jsonl", data=True)
    assert (len(witness.seen), witness.data) == (2, {tmp_path / "a.jsonl"})
