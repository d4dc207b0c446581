"""Cells are found again by their keys in the run folders."""

from __future__ import annotations

from pathlib import Path

from promptwire.sweeps.cells import done_cells, mark_cell


def test_a_cell_is_found_by_its_key_when_its_run_has_a_report(tmp_path: Path) -> None:
    done, begun = tmp_path / "1", tmp_path / "2"
    mark_cell(done, "k1")
    mark_cell(begun, "k2")
    (done / "report.json").write_text("{}")
    assert done_cells(tmp_path) == {"k1": done}
    assert done_cells(tmp_path / "absent") == {}
