"""Comparison of run folders that exist, whatever made them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from promptwire.comparing.cell_results import CellResult, read_result
from promptwire.errors import RunError, UsageError
from promptwire.results.run import Run

__all__ = ["read_folders"]

_NAMED: Final = 5
"""Settings that can tell two rows of one pipeline apart, and folders that an error names, at most this many."""


def read_folders(folders: Sequence[Path]) -> tuple[list[CellResult], list[str]]:
    """The cells of these run folders, with cells that are missing between them, and notes.

    Runs of one pipeline whose settings differ become rows of their own, named by what differs. Of several runs of one cell the
    newest with a result counts. Raises UsageError when no folder is a run.
    """
    notes, read = [], []
    for folder in folders:
        try:
            read.append((read_result(folder), _settings(folder)))
        except RunError as error:
            notes.append(f"left out: {str(error).splitlines()[0]}")
    if not read:
        hint = "; ".join(dict.fromkeys(notes[:_NAMED])) or "name run folders"
        more = f"; and {len(notes) - _NAMED} more" if len(notes) > _NAMED else ""
        raise UsageError("none of these folders is a run that can be compared", hint=hint + more)
    named = _named(_same_tasks(read))
    cells: dict[tuple[str, str, int], CellResult] = {}
    for one in sorted(named, key=lambda result: (bool(result.best), Path(result.run).name)):
        key = (one.row, one.task, one.seed)
        if key in cells:
            notes.append(f"{one.row} on {one.task}, seed {one.seed}: of several runs the newest with a result counts")
        cells[key] = one
    return _filled(cells), list(dict.fromkeys(notes))


def _same_tasks(read: Sequence[tuple[CellResult, Mapping[str, str]]]) -> list[tuple[CellResult, Mapping[str, str]]]:
    """A run without a report knows its task's file and not its name: it takes the name from a run of the same content."""
    told = {one.fingerprint: one.task for one, _ in read if one.named and one.fingerprint}
    return [(one if one.named else replace(one, task=told.get(one.fingerprint, one.task)), settings) for one, settings in read]


def _settings(folder: Path) -> dict[str, str]:
    """Settings that make another optimizer of the same pipeline."""
    kinds = ("models.", "limits.")
    return {name: value for name, value in Run.open(folder).settings.flat().items() if name.startswith(kinds)}


def _named(read: Sequence[tuple[CellResult, Mapping[str, str]]]) -> list[CellResult]:
    """The results, each row with the settings in which it differs from other runs of the same pipeline."""
    found = []
    for one, settings in read:
        alike = [other for result, other in read if result.row == one.row]
        differing = _differing(alike)
        own = " ".join(f"{name}={settings[name]}" for name in differing[:_NAMED] if name in settings)
        found.append(replace(one, row=f"{one.row} {own}".strip()))
    return found


def _differing(settings: Iterable[Mapping[str, str]]) -> list[str]:
    alike = list(settings)
    names = dict.fromkeys(name for one in alike for name in one)
    return [name for name in names if len({one.get(name) for one in alike}) > 1]


def _filled(cells: Mapping[tuple[str, str, int], CellResult]) -> list[CellResult]:
    """All cells of the rows, tasks and seeds that appear, missing ones too."""
    rows = dict.fromkeys(row for row, _, _ in cells)
    tasks = dict.fromkeys(task for _, task, _ in cells)
    seeds = sorted({seed for _, _, seed in cells})
    return [
        cells.get((row, task, seed), CellResult(row, task, seed, why="no run folder was given"))
        for task in tasks
        for row in rows
        for seed in seeds
    ]
