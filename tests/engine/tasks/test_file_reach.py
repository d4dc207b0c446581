"""Files that an untrusted file may name: in its own folder, shipped, or allowed by the user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.documents import resources
from promptwire.security.path_sandbox import reachable, unusable


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """An untrusted folder and one of the user."""
    theirs, mine = tmp_path / "theirs", tmp_path / "mine"
    theirs.mkdir()
    mine.mkdir()
    (mine / "diary.jsonl").write_text("{}")
    return theirs, mine


def test_neither_dots_nor_links_lead_out(folders: tuple[Path, Path]) -> None:
    theirs, mine = folders
    (theirs / "own.jsonl").write_text("")
    (theirs / "file").symlink_to(mine / "diary.jsonl")
    (theirs / "deep").symlink_to(mine)
    (theirs / "round").symlink_to(theirs / "own.jsonl")
    for name in ("own.jsonl", "not-there-yet.jsonl", "a/../own.jsonl", "round"):
        assert reachable(theirs / name, [theirs])
    for name in ("../mine/diary.jsonl", "file", "deep/diary.jsonl", str(mine / "diary.jsonl"), ".."):
        assert not reachable(theirs / name, [theirs])


def test_folder_that_the_user_allows_is_reachable(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, mine = folders
    monkeypatch.setenv("PROMPTWIRE_ALLOW", f"/elsewhere{os.pathsep}{mine}")
    assert reachable(theirs / "../mine/diary.jsonl", [theirs])
    assert not reachable(theirs / "../other", [theirs])


def test_shipped_files_are_always_reachable(tmp_path: Path) -> None:
    assert reachable(resources.template_path("task/chat.j2"), [tmp_path])


def test_loop_of_links_is_named_and_raises_nothing(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, mine = folders
    (theirs / "itself").symlink_to("itself")
    (theirs / "one").symlink_to("two")
    (theirs / "two").symlink_to("one")
    (mine / "gone").symlink_to("nowhere")
    monkeypatch.setenv("PROMPTWIRE_ALLOW", f"{theirs / 'itself'}{os.pathsep}~no-such-user/x")
    for name in ("itself", "one", "one/below"):
        assert unusable(theirs / name) == "is a loop of links"
        reachable(theirs / name, [theirs])
        reachable(mine / "diary.jsonl", [theirs / name])
    for path in (mine / "gone", mine / "diary.jsonl", mine, mine / "missing" / "x", mine / ("x" * 5000)):
        assert unusable(path) == ""
    assert unusable(theirs / "a\0b") == "holds a NUL character"


@given(st.text(st.sampled_from("./ab\\~$"), max_size=30))
def test_every_reachable_name_lies_in_the_folder(written: str) -> None:
    folder = Path("/nowhere/inside")
    if reachable(folder / written, [folder]):
        assert Path(os.path.abspath(folder / written)).is_relative_to(folder)
