"""What a comparison found, in sentences, and the settings in which its rows differ."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from promptwire.comparing.contrasts import INITIAL
from promptwire.comparing.table import ComparisonTable
from promptwire.errors import RunError
from promptwire.results.run import Run

__all__ = ["Finding", "differing_settings", "findings"]

_SHOWN = ("pipeline", "params.", "patches.", "models.", "limits.", "repeats", "cache", "version")
"""Beginnings of the settings that make another optimizer."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result on one task."""

    task: str
    """The task."""
    kind: str
    """`better`: an optimizer leads; `even`: none is shown to be better."""
    sentence: str
    """The result in words."""


def findings(table: ComparisonTable) -> Iterator[Finding]:
    """Yield the result on each task: who leads, and whether that is more than a tie."""
    for task in table.tasks:
        ranks = {row: table.rank(row, task) for row in table.rows}
        judged = [one for one in table.contrasts if one.task == task and one.p is not None]
        leaders = [row for row, rank in ranks.items() if rank == 1]
        if not judged:
            yield Finding(task, "even", "Nothing could be compared.")
        elif INITIAL in leaders:
            yield Finding(task, "even", "No optimizer is shown to be better than the initial prompt.")
        elif len(leaders) > 1:
            yield Finding(task, "better", _shared_lead(table, leaders, task))
        else:
            yield Finding(task, "better", f"{leaders[0]} leads: {_beaten(table, leaders[0], task)}.")


def _shared_lead(table: ComparisonTable, leaders: list[str], task: str) -> str:
    """A row that ties with the initial prompt is no leader, even if no row is shown to be better than it."""
    ahead = [row for row in leaders if table.outcome(row, INITIAL, task) == "win"]
    behind = [row for row in leaders if row not in ahead]
    verb = "lead" if len(ahead) > 1 else "leads"
    if not ahead or not behind:
        return f"{', '.join(leaders)} lead; no difference between them is shown."
    are = "are" if len(behind) > 1 else "is"
    return (
        f"{', '.join(ahead)} {verb}; {', '.join(behind)} {are} not shown to differ from {_them(ahead)} or from the {INITIAL}."
    )


def _them(rows: list[str]) -> str:
    return "them" if len(rows) > 1 else "it"


def _beaten(table: ComparisonTable, row: str, task: str) -> str:
    others = [other for other in table.rows if other != row and table.estimate(other, task).mean is not None]
    ties = [other for other in others if table.outcome(row, other, task) != "win"]
    if not ties:
        return "it is better than every other row"
    beaten = f"it is better than {len(others) - len(ties)} of {len(others)} other rows"
    return f"{beaten}, and not shown to differ from {', '.join(ties)}"


def differing_settings(table: ComparisonTable) -> dict[str, dict[str, str]]:
    """Return the settings in which rows differ: for each setting, its value by row. Run folders tell them."""
    told: dict[str, dict[str, str]] = {row: {} for row in table.rows if row != INITIAL}
    for cell in table.cells:
        with suppress(RunError):
            settings = Run.open(cell.run).settings.flat() if cell.run else {}
            told[cell.row].update({name: value for name, value in settings.items() if name.startswith(_SHOWN)})
    names = sorted({name for settings in told.values() for name in settings})
    by_name = {name: {row: settings.get(name, "") for row, settings in told.items()} for name in names}
    known = [row for row, settings in told.items() if settings]  # a row without a run tells nothing
    return {name: values for name, values in by_name.items() if len({values[row] for row in known}) > 1}
