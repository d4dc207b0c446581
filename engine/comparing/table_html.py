"""Comparison as a piece of HTML, for a notebook. All text is escaped; nothing in it asks a server."""

from __future__ import annotations

from html import escape

from promptwire.comparing.findings import findings
from promptwire.comparing.formats import COSTS, Grid, cost_grid, legend, missing_lines, record_grid, score_grid
from promptwire.comparing.table import ComparisonTable

__all__ = ["table_html"]

_CELL = "text-align:left;padding:2px 12px 2px 0;vertical-align:top"


def table_html(table: ComparisonTable) -> str:
    """The comparison as one `<div>`: what was found, scores, wins and losses, cost and notes."""
    several = len(table.tasks) > 1
    found = [f"{one.task}: {one.sentence}" if several else one.sentence for one in findings(table)]
    grids = [_grid(grid) for grid in (score_grid(table), record_grid(table), cost_grid(table))]
    notes = [*missing_lines(table), legend(table), *table.notes, COSTS]
    sentences = "".join(f"<p><b>{escape(one)}</b></p>" for one in found)
    return f"<div>{sentences}{''.join(grids)}{''.join(f'<p>{escape(note)}</p>' for note in notes)}</div>"


def _grid(grid: Grid) -> str:
    head = "".join(f'<th scope="col" style="{_CELL}">{escape(one)}</th>' for one in grid.heads)
    rows = "".join(
        f'<tr><th scope="row" style="{_CELL}">{escape(first)}</th>'
        + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in rest)
        + "</tr>"
        for first, *rest in grid.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
