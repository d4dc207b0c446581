"""Texts of a sweep for the terminal: its head, its cells, and the end of a cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from promptwire.sweeps.bound import Bound
    from promptwire.sweeps.matrix import Cell
    from promptwire.sweeps.runner import CellEnd
    from promptwire.sweeps.sweep_file import Sweep
    from promptwire.sweeps.sweep_log import CellStanding

__all__ = ["end_line", "head_lines", "print_dry_run"]


def head_lines(sweep: Sweep, cells: Sequence[Cell], standings: Mapping[str, CellStanding]) -> Iterator[str]:
    """What the sweep is, and how far it is."""
    counts: dict[str, set[str] | set[int]] = {
        "pipeline": {cell.row.removesuffix(f" @ {cell.model}") for cell in cells},
        "task": {cell.task_name for cell in cells},
        "model": {cell.model for cell in cells if cell.model},
        "seed": {cell.seed for cell in cells},
    }
    sides = " x ".join(_many(len(names), noun) for noun, names in counts.items() if names)
    chosen = f"{len(cells):,} of {_many(len(sweep.cells), 'cell')}" if len(cells) < len(sweep.cells) else ""
    yield f"{sweep.name}: {chosen or _many(len(cells), 'cell')} ({sides})"
    states = Counter("done" if one.has_result else one.state for one in standings.values())
    if states["waiting"] < len(cells):
        yield ", ".join(f"{states[state]:,} {words}" for state, words in _STATES.items() if states[state])


_STATES: Final = {
    "done": "done",
    "at work": "at work",
    "stopped": "stopped before their end",
    "failed": "failed before",
    "waiting": "not run yet",
}


def print_dry_run(cells: Sequence[Cell], standings: Mapping[str, CellStanding], bound: Bound | None, *, json_: bool) -> None:
    """Print the cells with what is known of them, and the bound of those that would run."""
    from promptwire.cli.confirm_bound import bound_text
    from promptwire.cli.console import console, print_columns, safe_text
    from promptwire.cli.json_output import print_json

    bounds = bound.by_cell if bound else {}
    if json_:
        total = (bound.calls, bound.tokens, bound.usd) if bound else (0, 0, 0.0)
        whole = dict(zip(("calls", "tokens", "usd"), total, strict=True))
        print_json({"cells": [_cell_json(cell, standings[cell.key], bounds) for cell in cells], "bound": whole})
        return
    out = console()
    heads = ("pipeline", "task", "seed", "state", "most new calls")
    print_columns([_cell_row(cell, standings[cell.key], bounds) for cell in cells], heads, out)
    for cell in cells:
        known = standings[cell.key]
        if known.state == "failed":
            out.print(safe_text(f"failed: {cell.title}: {known.why.splitlines()[0] if known.why else ''}", style="yellow"))
    text = f"{_many(bound.cells, 'cell')} to run: {bound_text(bound, tokens=True)}" if bound else "nothing to run"
    out.print(safe_text(text))


def _cell_row(cell: Cell, known: CellStanding, bounds: Mapping[str, int | None]) -> tuple[str, ...]:
    most = bounds.get(cell.key)
    calls = "" if cell.key not in bounds else "unknown" if most is None else f"{most:,}"
    return (cell.row, cell.task_name, str(cell.seed), known.state, calls)


def _cell_json(cell: Cell, known: CellStanding, bounds: Mapping[str, int | None]) -> dict[str, Any]:
    found: dict[str, Any] = {"key": cell.key, "row": cell.row, "task": cell.task_name, "model": cell.model, "seed": cell.seed}
    told = {"state": known.state, "run": str(known.run or ""), "why": known.why, "to_run": cell.key in bounds}
    return {**found, **told, "most_calls": bounds.get(cell.key)}


def end_line(end: CellEnd, cell: Cell, place: str) -> str:
    """The end of a cell in one line: what it is, its held-out scores, its calls and its time."""
    from promptwire.results.progress_lines import clock_text

    if end.state == "failed":
        return f"{place}  failed: {cell.title}: {end.why.splitlines()[0] if end.why else ''}"
    cost = f", ${end.usd:.4f}" if end.usd else ""
    calls = f"{end.calls:,} new calls{cost}, {clock_text(end.seconds)}{f', on {end.where}' if end.where else ''}"
    if end.state == "stopped":
        return f"{place}  stopped: {cell.title}: {end.why.splitlines()[0] if end.why else ''} ({calls})"
    short = " (cut short by a limit)" if end.state == "cut short" else ""
    return f"{place}  {cell.title}: {_scores(end)}{calls}{short}"


def _scores(end: CellEnd) -> str:
    """The held-out scores of the initial and of the best prompt, from the report of the run."""
    from promptwire.results.lenient import as_dict, read_object
    from promptwire.security.untrusted_numbers import finite

    report = read_object(end.run / "report.json") if end.run else None
    test = as_dict((report or {}).get("test"))
    initial, best = (finite(as_dict(test.get(side)).get("score")) for side in ("initial", "best"))
    return "" if initial is None or best is None else f"{initial:.3f} -> {best:.3f}, "


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
