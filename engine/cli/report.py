"""`report`: write a run as one HTML file, or one of its charts as a picture."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Run as RunName
from promptwire.cli.output_file import Axis, chart_library, ending_of, making_library, open_file, write_file

if TYPE_CHECKING:
    from promptwire.results.run import Run

__all__ = ["report"]


class Format(StrEnum):
    """Formats of a report."""

    html = "html"
    svg = "svg"
    png = "png"
    json = "json"


class Chart(StrEnum):
    """Charts that can be written alone; the names of `promptwire.page.charts`."""

    progress = "progress"
    scores = "scores"
    usage = "usage"


def report(
    run: RunName,
    to: Annotated[Path | None, typer.Option("-o", "--output", help="File to write. Default: RUN.html.")] = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="html: the page; svg, png: one chart; json: the data. Default: from the file's ending."),
    ] = None,
    chart: Annotated[Chart, typer.Option(help="Chart of svg and png.")] = Chart.progress,
    axis: Annotated[Axis, typer.Option(help="What the chart progress is drawn against.")] = Axis.calls,
    show: Annotated[bool, typer.Option("--open", help="Open the file in the browser.")] = False,
) -> None:
    """Write a run as one HTML file: verdict, prompt, examples, charts, lineage, candidates, calls."""
    from promptwire.results.run import Run
    from promptwire.results.run_list import find_run

    opened = Run.open(find_run(run))
    chosen = form or _format_of(to)
    target = to or Path(f"{opened.name}.{chosen}")
    content = _content(opened, chosen, chart, axis)
    sys.stdout.write(f"{target}: {write_file(target, content)}\n")
    if show:
        open_file(target)


def _format_of(to: Path | None) -> Format:
    """Format by the file name's ending. Raises UsageError for an unknown ending."""
    return Format.html if to is None else ending_of(to, {**{one.value: one for one in Format}, "htm": Format.html})


def _content(run: Run, form: Format, chart: Chart, axis: Axis) -> bytes:
    import json

    from promptwire.errors import RunError
    from promptwire.page.charts import filled
    from promptwire.page.data import page_data
    from promptwire.page.html import render_page
    from promptwire.page.values import to_text
    from promptwire.page.vega import draw_chart

    if form is Format.html:
        with making_library():
            data = page_data(run)
        return render_page(data, chart_library()).encode()
    data = page_data(run)
    text = to_text(data)
    if form is Format.json:
        return (text + "\n").encode()
    spec = filled(chart.value, json.loads(text), axis=axis.value)
    if spec is None:
        raise RunError(f"the run has nothing for the chart {chart.value!r}", where=str(run.folder))
    return draw_chart(spec, form.value)
