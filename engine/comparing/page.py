"""The page of a comparison: its data as JSON values, and the HTML file."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from promptwire.comparing.charts import chart_data, specifications
from promptwire.comparing.contrasts import INITIAL
from promptwire.comparing.curves import known_axes
from promptwire.comparing.findings import differing_settings, findings
from promptwire.comparing.formats import COSTS, baseline_row, cost_grid, legend, missing_lines, record_grid
from promptwire.comparing.table import ComparisonTable
from promptwire.page.html import COMPARISON_SCRIPTS, render_html
from promptwire.page.values import to_text

__all__ = ["FORMAT", "comparison_data", "render_comparison"]

FORMAT: Final = 1
"""Version of the data of the page."""


def comparison_data(table: ComparisonTable) -> dict[str, Any]:
    """Return all data of the page. The curves are those that `table` holds."""
    axes = known_axes(table.curves)
    ranks = {task: {row: table.rank(row, task) for row in table.rows} for task in table.tasks}
    return {
        "format": FORMAT,
        "table": table.model_dump(mode="json"),
        "initial": INITIAL,
        "baseline": baseline_row(table),
        "findings": [asdict(one) for one in findings(table)],
        "ranks": ranks,
        "legend": legend(table),
        "missing": list(missing_lines(table)),
        "grids": {"record": record_grid(table)._asdict(), "cost": cost_grid(table)._asdict()},
        "costs": COSTS,
        "settings": differing_settings(table),
        "axes": list(axes),
        "series": {task: {axis: chart_data(table, task, axis) for axis in axes or ("calls",)} for task in table.tasks},
        "charts": specifications(table.rows, table.metric),
    }


def render_comparison(table: ComparisonTable, library: str | None) -> str:
    """Return the page. `library` is the script of Vega and Vega-Lite; without it the page has no charts."""
    title = f"Comparison on {', '.join(table.tasks)}"
    return render_html(title, to_text(comparison_data(table)), COMPARISON_SCRIPTS, library=library)
