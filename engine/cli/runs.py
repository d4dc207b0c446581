"""`runs`: list the runs, newest first."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Json

if TYPE_CHECKING:
    from promptwire.results.run_list import RunSummary

__all__ = ["runs"]

_SORTS = ("began", "best", "gain", "cost")
_HEADS = ("run", "state", "initial", "best", "verdict", "new calls", "cost", "time")


def runs(
    pipeline: Annotated[str | None, typer.Option(help="Only runs of this pipeline.")] = None,
    task: Annotated[str | None, typer.Option(help="Only runs on this task.")] = None,
    state: Annotated[
        str | None,
        typer.Option(help="Only runs in this state: finished, cut-short, at-work, failed, stopped, died or unknown."),
    ] = None,
    sort: Annotated[str, typer.Option(help="Order: began (newest first), or best, gain or cost (highest first).")] = "began",
    most: Annotated[int, typer.Option("-n", "--number", min=0, help="Most runs to list; 0 lists all.")] = 20,
    json_: Json = False,
) -> None:
    """List the runs with their state, held-out scores and cost."""
    from promptwire.cli.console import console, print_columns, safe_text
    from promptwire.cli.json_output import print_json
    from promptwire.options import runs_folder
    from promptwire.results.run_list import list_runs, run_folders, with_spent

    wanted = _state(state)
    if pipeline or task or state or sort != _SORTS[0] or not most:
        chosen = (one for one in list_runs() if wanted in ("", one.state.kind))
        found = [one for one in chosen if _means(one.settings.pipeline, pipeline) and _means(one.settings.task, task)]
        if sort == "cost":
            found = [with_spent(one) for one in found]
        shown, total = _sorted(found, sort)[: most or None], len(found)
    else:  # the newest runs are known by their names: the files of the others stay closed
        shown, total = list(islice(list_runs(), most)), len(run_folders())
    shown = [with_spent(one) for one in shown]
    if json_:
        print_json(shown)
        return
    out = console()
    if not shown:
        out.print(safe_text(f"no runs in {runs_folder()}" if not (pipeline or task or state) else "no such runs"))
        return
    print_columns([_row(one) for one in shown], _HEADS, out)
    if total > len(shown):
        out.print(safe_text(f"{total - len(shown)} more: list them with -n 0", style="dim"))


def _state(text: str | None) -> str:
    """The state that `text` names; empty for none. Raises UsageError for a word that is no state."""
    from promptwire.errors import UsageError, suggest
    from promptwire.results.run_state import STATES

    word = (text or "").replace("-", " ")
    if word and word not in STATES:
        hint = suggest(word, STATES, noun="states")
        raise UsageError(f"there is no state {text!r}", hint=hint)
    return word


def _means(name: str, wanted: str | None) -> bool:
    """Whether a pipeline or a task, a shipped name or a path, is the wanted one: the whole of it, or its file's name."""
    from pathlib import PurePath

    return wanted is None or wanted in (name, PurePath(name).name, PurePath(name).stem)


def _sorted(found: list[RunSummary], sort: str) -> list[RunSummary]:
    """The runs in the order `sort`; those without the number come last. Raises UsageError for an unknown order."""
    from promptwire.errors import UsageError, suggest

    if sort not in _SORTS:
        raise UsageError(f"there is no order {sort!r}", hint=suggest(sort, _SORTS, noun="orders"))
    if sort == "began":
        return found
    numbers = [{"best": one.best, "gain": one.gain[0], "cost": one.usd}[sort] for one in found]
    ranked = sorted(zip(numbers, found, strict=True), key=lambda pair: (pair[0] is not None, pair[0] or 0.0), reverse=True)
    return [one for _, one in ranked]


def _row(one: RunSummary) -> tuple[str, ...]:
    return (
        one.folder.name,
        one.state.kind,
        _score(one.initial),
        _score(one.best),
        one.verdict,
        "" if one.new is None else f"{one.new:,}",
        "" if one.usd is None else f"${one.usd:.4f}",
        "" if one.seconds is None else f"{one.seconds:.1f} s",
    )


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.3f}"
