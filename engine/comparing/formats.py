"""Tables of a comparison: grids for the terminal, and Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from promptwire.comparing.contrasts import INITIAL, Estimate
from promptwire.comparing.curves import CurvePoint
from promptwire.comparing.table import CellLine, ComparisonTable
from promptwire.sweeps.matrix import BASELINE

__all__ = [
    "COSTS",
    "Grid",
    "baseline_row",
    "cost_grid",
    "csv_text",
    "curves_text",
    "latex_text",
    "legend",
    "markdown_text",
    "missing_lines",
    "record_grid",
    "score_grid",
]

COSTS: Final = "calls a run: with an empty cache; new calls: of all runs, with the cache that they share"
"""What the columns of `cost_grid` mean."""
_ALIKE: Final = 12
"""Most cells that are listed for one reason; of more, half as many are."""
_MARKS: Final = ("*", "†")
_LATEX: Final = {"\\": r"\textbackslash{}", "†": r"$^\dagger$", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_CELL_FIELDS: Final = tuple(name for name in CellLine.model_fields if name not in ("initial_prompt", "demos"))


class Grid(NamedTuple):
    """One table as texts."""

    heads: tuple[str, ...]
    """Headings."""
    rows: Sequence[tuple[str, ...]]
    """Rows, as long as the headings."""


def score_grid(table: ComparisonTable) -> Grid:
    """Mean held-out value with its interval, optimizers x tasks."""
    heads = [_head(table, task) for task in table.tasks]
    rows = [(row, *(_score(table, table.estimate(row, task)) for task in table.tasks)) for row in table.rows]
    return Grid((table.metric or "held-out", *heads), rows)


def record_grid(table: ComparisonTable) -> Grid:
    """Wins, ties and losses of each optimizer against each other one, over the tasks."""
    rows = [(row, *(_record(table, row, other) for other in table.rows)) for row in table.rows if row != INITIAL]
    return Grid(("win/tie/loss against", *table.rows), rows)


def cost_grid(table: ComparisonTable) -> Grid:
    """What each optimizer cost: calls of one run alone, and the new calls of all its runs with the cache that all share."""
    heads = ("cost", "runs", "calls a run", "new calls", "dollars", "seconds")
    rows = []
    for row in (one for one in table.rows if one != INITIAL):
        cells = [cell for cell in table.cells if cell.row == row and cell.best is not None]
        alone = _sum([cell.calls_alone for cell in cells])
        usd = _sum([cell.usd for cell in cells])
        rows.append(
            (
                row,
                f"{len(cells)} of {sum(cell.row == row for cell in table.cells)}",
                "" if alone is None or not cells else f"{alone / len(cells):,.0f}",
                _whole(_sum([cell.calls_new for cell in cells])),
                "unknown" if usd is None else f"{usd:.4f}",
                _whole(_sum([cell.seconds for cell in cells])),
            )
        )
    return Grid(heads, rows)


def legend(table: ComparisonTable) -> str:
    """What the marks of `score_grid` mean."""
    baseline = baseline_row(table)
    second = f", {_MARKS[1]} from {baseline}" if baseline else ""
    return f"{_MARKS[0]} differs from the {INITIAL}{second} after correction; the others are ties"


def missing_lines(table: ComparisonTable) -> Iterator[str]:
    """Lines for the cells without a result, at most some for each reason, and for those that a limit cut short."""
    alike: dict[tuple[str, str], list[CellLine]] = {}
    for cell in table.cells:
        if cell.best is None:
            alike.setdefault((cell.state, _first_line(cell.why)), []).append(cell)
    for (state, why), cells in alike.items():
        shown = cells if len(cells) <= _ALIKE else cells[: _ALIKE // 2]
        for cell in shown:
            yield f"{state}: {cell.row} on {cell.task}, seed {cell.seed}: {why}"
        if len(shown) < len(cells):
            yield f"{state}: {len(cells) - len(shown):,} more of {len(table.cells):,} runs: {why}"
    short = [cell for cell in table.cells if cell.best is not None and cell.state == "cut short"]
    if short:
        yield f"{len(short)} of {len(table.cells)} runs were ended by a limit ({_first_line(short[0].why)})"


def markdown_text(table: ComparisonTable) -> str:
    """The comparison as Markdown."""
    parts = ["\n".join(_markdown(grid)) for grid in (score_grid(table), record_grid(table), cost_grid(table))]
    notes = [legend(table), *table.notes, *missing_lines(table)]
    return "\n\n".join([*parts, "\n".join(f"- {_cell(note)}" for note in notes)]) + "\n"


def latex_text(table: ComparisonTable) -> str:
    """The scores as a LaTeX tabular, with the notes as comments."""
    grid = score_grid(table)
    lines = [f"\\begin{{tabular}}{{l{'r' * (len(grid.heads) - 1)}}}", "\\hline"]
    lines += [" & ".join(map(_latex, grid.heads)) + r" \\", "\\hline"]
    lines += [" & ".join(map(_latex, row)) + r" \\" for row in grid.rows]
    lines += ["\\hline", "\\end{tabular}"]
    lines += [f"% {_first_line(note)}" for note in (legend(table), *table.notes, *missing_lines(table))]
    return "\n".join(lines) + "\n"


def csv_text(table: ComparisonTable) -> str:
    """One line for each cell, safe to open in a spreadsheet."""
    return _csv(_CELL_FIELDS, ([getattr(cell, name) for name in _CELL_FIELDS] for cell in table.cells))


def curves_text(table: ComparisonTable) -> str:
    """CSV of the anytime curves: a line for each prompt that was the best so far, and one for the end of each search."""
    heads = ("row", "task", "seed", *CurvePoint.model_fields, "heldout")
    lines = []
    for curve in table.curves:
        where = (curve.row, curve.task, curve.seed)
        lines += [[*where, *point.model_dump().values(), None] for point in curve.points]
        lines.append([*where, *curve.end.model_dump().values(), curve.heldout])
    return _csv(heads, lines)


def _csv(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([_spreadsheet(value) for value in line] for line in lines)
    return out.getvalue()


def _head(table: ComparisonTable, task: str) -> str:
    sizes = {one.examples for one in table.estimates if one.task == task and one.examples}
    if not sizes:
        return task
    return f"{task} (n={min(sizes)})" if len(sizes) == 1 else f"{task} (n={min(sizes)}-{max(sizes)})"


def _score(table: ComparisonTable, found: Estimate) -> str:
    if found.mean is None:
        return "missing"
    interval = "" if found.low is None or found.high is None else f" [{found.low:.2f}, {found.high:.2f}]"
    lacking = len(found.by_seed) < found.expected
    seeds = f" ({len(found.by_seed)} of {found.expected} seeds)" if lacking else ""
    against = zip(_MARKS, (INITIAL, baseline_row(table)), strict=True)
    differs = (mark for mark, other in against if table.outcome(found.row, other, found.task) in ("win", "loss"))
    marks = "" if found.row == INITIAL else "".join(differs)
    return f"{found.mean:.3f}{interval}{seeds} {marks}".rstrip()


def _record(table: ComparisonTable, row: str, other: str) -> str:
    if row == other:
        return "-"
    found = [table.outcome(row, other, task) for task in table.tasks]
    counts = "/".join(str(found.count(kind)) for kind in ("win", "tie", "loss"))
    unknown = found.count("not judged")
    return f"{counts} ({unknown} not judged)" if unknown else counts


def baseline_row(table: ComparisonTable) -> str:
    """Name of the row of the search baseline; empty without one."""
    return next((row for row in table.rows if row.split()[0] == BASELINE), "")


def _sum(values: Sequence[float | int | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) if len(known) == len(values) else None


def _whole(number: float | None) -> str:
    return "" if number is None else f"{number:,.0f}"


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "no reason is known"


def _markdown(grid: Grid) -> Iterator[str]:
    yield "| " + " | ".join(map(_cell, grid.heads)) + " |"
    yield "|" + "---|" * len(grid.heads)
    for row in grid.rows:
        yield "| " + " | ".join(map(_cell, row)) + " |"


def _cell(text: str) -> str:
    """Text as Markdown without markup of its own."""
    return re.sub(r"([\\|*_`<>\[\]])", r"\\\1", " ".join(text.split()))


def _latex(text: str) -> str:
    """Text as LaTeX without markup of its own. A row that begins with [ or * would be read as an option of the break before."""
    plain = " ".join(text.split())
    guard = "{}" if plain.startswith(("[", "*")) else ""
    return guard + "".join(_LATEX.get(letter, f"\\{letter}" if letter in "&%$#_{}" else letter) for letter in plain)


def _spreadsheet(value: object) -> object:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return "" if value is None else value
