"""Output of `compare` and `sweep`, and its options: tables on the terminal, and files with the page, a picture or data."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from promptwire.cli.output_file import Axis, chart_library, ending_of, making_library, open_file, write_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from promptwire.comparing.table import ComparisonTable

__all__ = ["Chart", "ChartAxis", "ComparisonChart", "Form", "Output", "Show", "TableFormat", "Wanted", "deliver"]


class TableFormat(StrEnum):
    """Forms of the output."""

    text = "text"
    markdown = "markdown"
    latex = "latex"
    csv = "csv"
    curves = "curves"
    json = "json"
    html = "html"
    svg = "svg"
    png = "png"


class ComparisonChart(StrEnum):
    """Charts of a comparison; the names of `promptwire.comparing.charts`."""

    curves = "curves"
    scores = "scores"


Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="Also write a file: FILE.html is the page. Its ending tells the form.")
]
Form = Annotated[
    TableFormat | None,
    typer.Option("--format", help="Form of the output; csv has a line for each run, curves for each best so far."),
]
Chart = Annotated[ComparisonChart, typer.Option(help="Chart of svg and png.")]
ChartAxis = Annotated[Axis, typer.Option(help="What the chart curves is drawn against.")]
Show = Annotated[bool, typer.Option("--open", help="Open the file in the browser. Default file: comparison.html.")]

_FILES: Final = {TableFormat.html, TableFormat.svg, TableFormat.png}
_ENDINGS: Final = {"htm": TableFormat.html, "md": TableFormat.markdown, "tex": TableFormat.latex, "txt": TableFormat.text}
_WITH_CURVES: Final = {*_FILES, TableFormat.curves, TableFormat.json}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for."""

    form: TableFormat | None
    """Form that was named; None when it was not."""
    to: Path | None
    """File to write; None when there is none."""
    json: bool
    """Whether JSON is printed."""
    chart: ComparisonChart
    """Chart of a picture."""
    axis: Axis
    """Axis of the curves."""
    show: bool
    """Whether the file is opened in the browser."""

    def check(self) -> None:
        """Raise UsageError for a file of an unknown form, before anything is run."""
        if self.to is not None:
            self.file_form(self.to)

    @property
    def printed(self) -> TableFormat:
        """Form of what is printed: the table as text, unless another form was named without a file."""
        if self.json:
            return TableFormat.json
        return TableFormat.text if self.to or self.form is None or self.form in _FILES else self.form

    @property
    def target(self) -> Path | None:
        """File to write. A page and a picture are files also without a name, and so is what is opened."""

        form = self.form or (TableFormat.html if self.show else None)
        return self.to or (Path(f"comparison.{form}") if form and (self.show or form in _FILES) else None)

    def file_form(self, target: Path) -> TableFormat:
        """Form of the file `target`. Raises UsageError for an unknown ending."""
        known: Mapping[str, TableFormat] = {**{one.value: one for one in TableFormat}, **_ENDINGS}
        return self.form or ending_of(target, known)


def deliver(table: ComparisonTable, wanted: Wanted) -> None:
    """Print `table` and write the file that is `wanted`."""
    from promptwire.comparing.table import with_curves

    target = wanted.target
    forms = {wanted.printed, *([wanted.file_form(target)] if target else [])}
    if forms & _WITH_CURVES:
        with making_library() if TableFormat.html in forms else nullcontext():
            table = with_curves(table)
    if wanted.printed is TableFormat.text:
        _print_text(table)
    else:
        sys.stdout.write(_content(table, wanted.printed, wanted).decode())
    if target is not None:
        size = write_file(target, _content(table, wanted.file_form(target), wanted))
        (sys.stderr if wanted.json else sys.stdout).write(f"{target}: {size}\n")
        if wanted.show:
            open_file(target)


def _content(table: ComparisonTable, form: TableFormat, wanted: Wanted) -> bytes:
    from promptwire.comparing import formats

    writers: Mapping[TableFormat, Any] = {
        TableFormat.markdown: formats.markdown_text,
        TableFormat.latex: formats.latex_text,
        TableFormat.csv: formats.csv_text,
        TableFormat.curves: formats.curves_text,
        TableFormat.text: formats.markdown_text,
    }
    if form is TableFormat.json:
        return f"{table.to_json()}\n".encode()
    if form is TableFormat.html:
        from promptwire.comparing.page import render_comparison

        return render_comparison(table, chart_library()).encode()
    return _picture(table, form, wanted) if form in _FILES else str(writers[form](table)).encode()


def _picture(table: ComparisonTable, form: TableFormat, wanted: Wanted) -> bytes:
    from promptwire.comparing.charts import filled_chart
    from promptwire.errors import RunError
    from promptwire.page.vega import draw_chart

    spec = filled_chart(table, wanted.chart.value, wanted.axis.value)
    if spec is None:
        raise RunError(f"the runs have nothing for the chart {wanted.chart.value!r} against {wanted.axis.value}")
    return draw_chart(spec, form.value)


def _print_text(table: ComparisonTable) -> None:
    from promptwire.cli.console import console, print_table, safe_text
    from promptwire.comparing import formats

    out = console()
    for grid in (formats.score_grid(table), formats.record_grid(table), formats.cost_grid(table)):
        print_table(grid.rows, grid.heads, out)
        out.print()
    for line in (formats.legend(table), *table.notes, formats.COSTS):
        out.print(safe_text(line, style="dim"))
    for line in formats.missing_lines(table):
        out.print(safe_text(line, style="yellow"))
