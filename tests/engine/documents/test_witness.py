"""What is opened is seen, and a fence holds against every way around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.documents.witness import Witness, opens
from promptwire.errors import UsageError


def test_files_are_seen_only_while_it_watches(tmp_path: Path) -> None:
    witness = Witness()
    opens(tmp_path / "before")
    with witness.watching():
        opens(tmp_path / "during")
    opens(tmp_path / "after")
    assert witness.seen == {tmp_path / "during"}


def test_a_fence_keeps_out_dots_and_links(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to(tmp_path / "secret")
    with Witness(fence=[tmp_path / "inside"]).watching():
        opens(tmp_path / "inside" / "file")
        for name in ("inside/../secret", "inside/link", "secret", "inside-too/file"):
            with pytest.raises(UsageError, match="outside of itself"):
                opens(tmp_path / name)


def test_files_of_examples_are_noted_apart(tmp_path: Path) -> None:
    witness = Witness()
    with witness.watching():
        opens(tmp_path / "a.yaml")
        opens(tmp_path / "a.jsonl", data=True)
    assert (len(witness.seen), witness.data) == (2, {tmp_path / "a.jsonl"})
