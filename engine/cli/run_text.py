"""A run as text for the terminal: its report, or what an unfinished run tells."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from promptwire.cli.console import safe_text
from promptwire.cli.json_output import json_value
from promptwire.cli.report_text import print_report
from promptwire.results.run import Run

__all__ = ["print_run", "run_json"]

_STYLES = {"finished": "green", "at work": "cyan", "cut short": "yellow", "stopped": "yellow", "failed": "red", "died": "red"}
_LINES = 12
"""Most lines of an error that are shown."""


def print_run(run: Run, console: Console) -> None:
    """Print the report of a finished run; of another run its state, its settings and the best prompt that is known."""
    if run.report is not None:
        print_report(run.report, console)
        if str(run.folder) != run.report.run:
            console.print(safe_text(f"read from {run.folder}", style="dim"))
    else:
        _print_unfinished(run, console)
    for note in run.notes:
        console.print(safe_text(note, style="yellow"))


def run_json(run: Run) -> str:
    """The report as JSON, with the state of the run; for a run without report, its state, settings and best prompt."""
    state = {"state": json_value(run.state)}
    if run.report is not None:
        return json.dumps({**run.report.model_dump(mode="json"), **state})
    known = {"settings": json_value(run.settings), "began": run.began, "run": str(run.folder), "notes": list(run.notes)}
    prompts = {"prompt": run.best.text if run.best else None, "initial_prompt": run.initial.text if run.initial else None}
    return json.dumps({**known, **prompts, "candidates": len(run.candidates), "rounds": len(run.rounds), **state})


def _print_unfinished(run: Run, console: Console) -> None:
    settings, state = run.settings, run.state
    models = ", ".join(dict.fromkeys(settings.models.values()))
    seed = "" if settings.seed is None else f", seed {settings.seed}"
    name = f"{settings.pipeline} on {settings.task}" if settings.pipeline else run.name
    console.print(safe_text(f"{name}   {models}{seed}".rstrip()))
    sentence = "\n".join(state.sentence.splitlines()[:_LINES])
    console.print(safe_text(f"the run {sentence}", style=_STYLES.get(state.kind, "yellow")))
    console.print()
    for line in _so_far(run):
        console.print(line)
    console.print(safe_text(f"run folder {run.folder}", style="dim"))
    if state.kind in ("stopped", "failed", "died", "unknown"):
        console.print(safe_text("the same command goes on from the cache; finished calls cost nothing", style="dim"))


def _so_far(run: Run) -> Iterator[Text]:
    """What the run had reached."""
    if run.initial is not None:
        yield safe_text(f"initial  {run.initial.text or '(empty)'}")
    scored = [one for one in run.candidates if one.score is not None]
    most = max((len(one.values) for one in scored), default=0)
    # A prompt on few examples looks better than it is: only those with at least half of the most examples are compared.
    best = max((one for one in scored if 2 * len(one.values) >= most), key=lambda one: one.score or 0.0, default=None)
    if run.best is not None:
        yield safe_text(f"best     {run.best.text or '(empty)'}", style="bold")
    elif best is not None:
        yield safe_text(f"leads    {best.text or '(empty)'}   {best.score:.3f} on {len(best.values)} examples of the search")
    spent, seconds = run.spent_before(1 << 62), _seconds(run)
    took = "" if seconds is None else f"   {seconds:.1f} s"
    rounds = f"{len(run.rounds)} rounds, " if run.rounds else ""
    yield safe_text(
        f"{rounds}{len(run.candidates):,} prompts, {spent.new:,} new calls, {spent.calls - spent.new:,} from cache{took}"
    )


def _seconds(run: Run) -> float | None:
    """Seconds that the run took so far: up to now while it is at work, else up to its last event."""
    if run.state.kind == "at work" and run.began is not None:
        return max(0.0, time.time() - run.began)
    ends = [step.began + (step.seconds or 0.0) for step in run.steps]
    return max(ends, default=None)
