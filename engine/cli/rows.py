"""`rows`: list the examples of a run's final comparison."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Json, Run

if TYPE_CHECKING:
    from promptwire.errors import RunError
    from promptwire.results.heldout_rows import PairedRow
    from promptwire.results.run import Run as OpenedRun

__all__ = ["rows"]

_TEXT = 60
"""Most characters of a text in the table."""
_HEADS = ("", "input", "expected", "initial", "best")


class Which(StrEnum):
    """Rows to list."""

    all = "all"
    fixed = "fixed"
    broken = "broken"
    same = "same"


class Split(StrEnum):
    """Examples of the comparison."""

    test = "test"
    train = "train"


class Format(StrEnum):
    """Forms of the list."""

    table = "table"
    jsonl = "jsonl"
    csv = "csv"


def rows(
    run: Run,
    which: Annotated[
        Which, typer.Argument(help="fixed: better with the best prompt; broken: worse; same; or all.")
    ] = Which.all,
    split: Annotated[Split, typer.Option(help="The held-out examples, or the train examples of the report.")] = Split.test,
    form: Annotated[
        Format, typer.Option("--format", help="table, jsonl or csv; jsonl and csv have the whole texts.")
    ] = Format.table,
    to: Annotated[Path | None, typer.Option("-o", "--output", help="File to write. Default: standard output.")] = None,
    json_: Json = False,
) -> None:
    """List the examples of a run's final comparison: input, and what each prompt made of it."""
    from promptwire.cli.json_output import print_json
    from promptwire.errors import UsageError
    from promptwire.results.row_export import csv_text, record
    from promptwire.results.run import Run as OpenedRun
    from promptwire.results.run_list import find_run

    opened = OpenedRun.open(find_run(run))
    known = opened.rows(split.value)
    if not known:
        raise _no_rows(opened, split.value)
    if to is not None and (json_ or form is Format.table):
        raise UsageError("-o writes a file with --format csv or jsonl")
    chosen = [row for row in known if which in (Which.all, row.change)]
    if json_:
        print_json([record(row) for row in chosen])
    elif form is Format.table:
        _print_table(chosen, known)
    else:
        lines = "".join(f"{json.dumps(record(row))}\n" for row in chosen)
        _write(csv_text(chosen) if form is Format.csv else lines, to)


def _no_rows(opened: OpenedRun, split: str) -> RunError:
    """The error of a run without rows of `split`."""
    from promptwire.errors import RunError

    compared = opened.report is None or opened.report.metric != "none"
    hint = f"rows come at the end of a run; this run {opened.state.sentence}"
    hint = hint if compared else "its metric is none, so no example was scored; the outputs of its steps are on its page"
    return RunError(f"this run has no {split} rows", where=str(opened.folder), hint=hint)


def _print_table(chosen: list[PairedRow], known: tuple[PairedRow, ...]) -> None:
    from promptwire.cli.console import console, print_table, safe_text

    out = console()
    if chosen:
        print_table([_cells(row) for row in chosen], _HEADS, out)
    fixed, broken = (sum(row.change == change for row in known) for change in ("fixed", "broken"))
    same = len(known) - fixed - broken
    out.print(safe_text(f"{len(known)} examples: {fixed} fixed, {broken} broken, {same} as before", style="dim"))


def _cells(row: PairedRow) -> tuple[str, ...]:
    text = row.example.text if row.example is not None else row.id
    expected = row.example.output if row.example is not None else ""
    sides = []
    for side in (row.initial, row.best):
        said = " | ".join("(unreadable)" if not one.readable else one.answer or "" for one in side.repeats or (side,))
        sides.append(f"{side.value:g}  {_short(said)}".strip())
    return row.change, _short(text), _short(expected), *sides


def _short(text: str) -> str:
    """`text` in one line of at most `_TEXT` characters."""
    line = " ".join(text.split())
    return line if len(line) <= _TEXT else f"{line[: _TEXT - 3]}..."


def _write(text: str, to: Path | None) -> None:
    from promptwire.errors import RunError

    if to is None:
        sys.stdout.write(text)
        return
    try:
        to.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise RunError(f"can't be written: {error.strerror}", where=str(to)) from error
    sys.stdout.write(f"{to}\n")
