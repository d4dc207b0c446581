"""Opened files are logged, and only allowed folders may be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.errors import UsageError
from promptwire.security.access_log import FileAccessLog, log_access


def test_files_are_logged_only_while_recording(tmp_path: Path) -> None:
    access_log = FileAccessLog()
    log_access(tmp_path / "before")
    with access_log.recording():
        log_access(tmp_path / "during")
    log_access(tmp_path / "after")
    assert access_log.seen == {tmp_path / "during"}


def test_dots_and_links_do_not_lead_out_of_allowed_folders(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to(tmp_path / "secret")
    with FileAccessLog(allowed=[tmp_path / "inside"]).recording():
        log_access(tmp_path / "inside" / "file")
        for name in ("inside/../secret", "inside/link", "secret", "inside-too/file"):
            with pytest.raises(UsageError, match="outside of itself"):
                log_access(tmp_path / name)


def test_files_of_examples_are_logged_separately(tmp_path: Path) -> None:
    access_log = FileAccessLog()
    with access_log.recording():
        log_access(tmp_path / "a.yaml")
        log_access(tmp_path / "a.jsonl", data=True)
    assert (len(access_log.seen), access_log.data) == (2, {tmp_path / "a.jsonl"})
