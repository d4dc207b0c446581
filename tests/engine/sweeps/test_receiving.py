"""What a worker sends back is kept whole, or refused without a trace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptwire.options import runs_folder
from promptwire.sweeps.cells import done_cells
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.parcel import Returned
from promptwire.sweeps.receiving import kept_end
from promptwire.sweeps.runner import CellEnd
from tests.engine.sweeps.test_parcel import parcel


def received(files: dict[str, str]) -> CellEnd:
    """The end of a cell whose worker sent these files."""
    sent = parcel()
    cell = Cell("ape", "mine.yaml", 3, "ape", sent.options, sent.key)
    return kept_end(cell, sent, Returned(key=sent.key, state="finished", name="ape", files=files), "a worker")


def test_a_run_folder_that_came_back_is_the_result_of_its_cell() -> None:
    end = received({"cell.json": json.dumps({"key": "0" * 24}), "report.json": "{}"})
    assert end.state == "finished" and done_cells(runs_folder()) == {"0" * 24: end.run}


@pytest.mark.parametrize(
    "files",
    [
        {"run.json": json.dumps({"data": 5})},
        {"run.json": '{"data": ' + "[" * 100_000},
        {"run.json": "[]"},
        {"state.json": "{"},
        {"cell.json": json.dumps({"key": "f" * 24}), "report.json": "{}"},
        {"cell.json": "[]", "report.json": "{}"},
        {"report.json": "\ud800"},
        {"x" * 300: ""},
    ],
)
def test_a_run_folder_that_is_damaged_is_a_failed_cell_and_leaves_nothing(files: dict[str, str]) -> None:
    end = received(files)
    assert (end.state, end.run) == ("failed", None) and end.why
    assert list(Path(runs_folder()).iterdir()) == []
