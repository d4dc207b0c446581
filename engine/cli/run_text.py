"""A run as text for the terminal: its report, or what an unfinished run tells."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from promptwire.cli.console import safe_text
from promptwire.cli.json_output import json_value
from promptwire.cli.report_text import print_report
from promptwire.results.run import Run

__all__ = ["print_run", "run_json"]

_STYLES = {"finished": "green", "at work": "cyan", "cut short": "yellow", "stopped": "yellow", "failed": "red", "died": "red"}
_GO_ON = {
    "use": "the same command goes on from the cache; finished calls cost nothing",
    "refresh": "the same command with --cache use goes on from the cache; with --cache refresh it asks all again",
    "only": "the same command stops at the same place: --cache only makes no new call",
    "off": "nothing is in the cache, since the run had --cache off: the same command begins anew",
}
"""How a run without a report goes on, by its cache policy."""
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
    reached = {"leader": json_value(run.leader), "spent": json_value(run.spent), "seconds": run.seconds}
    numbers = {"candidates": len(run.candidates), "rounds": len(run.rounds)}
    return json.dumps({**known, **prompts, **numbers, **reached, **state})


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
        console.print(safe_text(_GO_ON.get(settings.cache, _GO_ON["use"]), style="dim"))


def _so_far(run: Run) -> Iterator[Text]:
    """What the run had reached."""
    if run.initial is not None:
        yield safe_text(f"initial  {run.initial.text or '(empty)'}")
    best = run.leader
    if run.best is not None:
        yield safe_text(f"best     {run.best.text or '(empty)'}", style="bold")
    elif best is not None:
        yield safe_text(f"leads    {best.prompt or '(empty)'}   {best.score:.3f} on {best.n} examples of the search")
    spent, seconds = run.spent, run.seconds
    if spent is None:
        return
    cost = "cost unknown" if spent.usd is None else f"${spent.usd:.4f}"
    took = "" if seconds is None else f"   {seconds:.1f} s"
    rounds = f"{len(run.rounds)} {'round' if len(run.rounds) == 1 else 'rounds'}, " if run.rounds else ""
    calls = f"{spent.new:,} new calls, {spent.calls - spent.new:,} from cache"
    yield safe_text(f"{rounds}{len(run.candidates):,} prompts, {calls}   {cost}{took}")
