"""Run folders: private, one per run, with atomically written files."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from promptwire.errors import RunError
from promptwire.results.run_folder import make_folder, write_file


def test_two_runs_in_one_second_get_two_private_folders(tmp_path: Path) -> None:
    folders = {make_folder(tmp_path / "runs", "ape-plural-0") for _ in range(3)}
    assert len(folders) == 3
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_name_with_slashes_stays_in_the_runs_folder(tmp_path: Path) -> None:
    assert make_folder(tmp_path, "../../etc/passwd x").parent == tmp_path


def test_a_file_is_replaced_atomically(tmp_path: Path) -> None:
    write_file(tmp_path / "report.json", "one")
    write_file(tmp_path / "report.json", "two")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report.json", "two")]


def test_a_file_in_the_way_and_a_missing_folder_are_errors_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("in the way")
    with pytest.raises(RunError, match="PROMPTWIRE_RUNS"):
        make_folder(tmp_path / "runs", "x")
    with pytest.raises(RunError, match="PROMPTWIRE_RUNS"):
        write_file(tmp_path / "none" / "report.json", "x")
