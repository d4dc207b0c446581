"""Marks of cells in run folders: which run holds the result of which cell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from promptwire.results.lenient import as_text, read_object
from promptwire.results.run_folder import keep_file

__all__ = ["CELL", "done_cells", "mark_cell"]

CELL: Final = "cell.json"
"""File of a run folder that holds the key of the cell, written when its run has ended with a report."""


def mark_cell(folder: Path, key: str) -> None:
    """Write the key of a cell into the folder of its finished run. Raises RunError."""
    keep_file(folder / CELL, json.dumps({"key": key}) + "\n")


def done_cells(runs: Path) -> dict[str, Path]:
    """The folder of the newest finished run of each cell in `runs`, by key."""
    try:
        folders = sorted(path for path in runs.iterdir() if (path / CELL).is_file())
    except OSError:
        return {}
    found = {as_text((read_object(folder / CELL) or {}).get("key")): folder for folder in folders}
    return {key: folder for key, folder in found.items() if key and (folder / "report.json").is_file()}
