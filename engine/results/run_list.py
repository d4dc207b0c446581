"""Runs of a folder: find one by its name, list all with what their small files tell."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from promptwire.errors import UsageError, closest, suggest
from promptwire.options import runs_folder
from promptwire.results.lenient import as_dict, as_int, as_text, read_object
from promptwire.results.run_settings import RunSettings, began_at, read_settings
from promptwire.results.run_state import FILES, RunState, read_record, state_of
from promptwire.security.untrusted_numbers import finite, price, unix_time

__all__ = ["LAST", "RunSummary", "find_run", "last_run", "list_runs", "run_folders", "with_spent"]

LAST: Final = "last"
"""Name of the run that began last."""
_NAMED: Final = 5
"""Most runs that an error names."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run, as a list of runs shows it."""

    folder: Path
    """The run folder."""
    state: RunState
    """What it is doing, or how it ended."""
    settings: RunSettings
    """What it was started with."""
    began: float | None
    """Unix time at which it began; None when it is not known."""
    seconds: float | None
    """Duration; None when it has not ended, or ended without a record."""
    initial: float | None
    """Held-out score of the initial prompt; None when it is not known."""
    best: float | None
    """Held-out score of the best prompt."""
    gain: tuple[float | None, float | None, float | None]
    """Gain on the held-out examples, with both ends of its interval."""
    n: int
    """Number of held-out examples that were scored."""
    verdict: str
    """Kind of the verdict, such as `better`; empty when there is none."""
    new: int | None
    """Calls that a model completed; None when no report tells it, see `with_spent`."""
    cached: int | None
    """Calls that the cache held; None when no report tells it."""
    usd: float | None
    """Cost in US dollars; None when it is not known."""
    prompt: str
    """The best prompt; empty when it is not known."""


def run_folders(runs: Path | None = None) -> list[Path]:
    """Return the run folders in `runs`, oldest first. The default is the runs folder of the working folder."""
    where = runs_folder() if runs is None else runs
    try:
        with os.scandir(where) as entries:
            folders = [Path(entry.path) for entry in entries if entry.is_dir()]
    except OSError:
        return []
    return sorted(folder for folder in folders if any(os.path.exists(folder / name) for name in FILES))


def find_run(name: str, runs: Path | None = None) -> Path:
    """Return the run folder that `name` means: a folder, a folder's name in `runs`, a unique beginning of one, or `last`.

    Raises UsageError when it means none or several.
    """
    where = runs_folder() if runs is None else runs
    for folder in (Path(name), where / name):
        if name and os.path.isdir(folder):  # unlike Path.is_dir, no error for a name that is too long
            return folder
    known = run_folders(where)
    if name == LAST and known:
        return max(known, key=_when)
    found = [folder for folder in known if name and folder.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        named = ", ".join(folder.name for folder in found[-_NAMED:])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise UsageError(f"{name!r} is the beginning of {len(found)} runs", hint=f"give more of the name: {named}{more}")
    if not known:
        raise UsageError(f"there is no run {name[:200]!r}", hint=f"there are no runs in {where}")
    near = closest(name, [LAST])
    hint = (
        f"did you mean {near!r}?" if near else suggest(name, [folder.name for folder in known[-_NAMED:]], noun="the last runs")
    )
    raise UsageError(f"there is no run {name[:200]!r}", hint=hint)


def last_run(runs: Path | None = None) -> Path | None:
    """Return the folder of the run that began last; None without runs."""
    return max(run_folders(runs), key=_when, default=None)


def list_runs(runs: Path | None = None) -> Iterator[RunSummary]:
    """Yield a summary of each run in `runs`, newest first. Only small files are read."""
    for folder in sorted(run_folders(runs), key=_when, reverse=True):
        yield _summary(folder)


def _summary(folder: Path) -> RunSummary:
    record, report = read_record(folder), read_object(folder / "report.json")
    known: Mapping[str, Any] = report or {}
    test, calls = as_dict(known.get("test")), as_dict(known.get("calls"))
    initial, best, gain = (as_dict(test.get(side)) for side in ("initial", "best", "gain"))
    origin = None if record is not None else read_object(folder / "run.json")
    kept = report if report is not None else read_object(folder / "best.json")
    began = began_at(folder, record)
    ended = unix_time((record or {}).get("ended"))
    seconds = finite(known.get("seconds"))
    if seconds is None and began and ended:
        seconds = ended - began
    return RunSummary(
        folder=folder,
        state=state_of(folder, record, report),
        settings=read_settings(record, origin, report),
        began=began,
        seconds=seconds,
        initial=finite(initial.get("score")),
        best=finite(best.get("score")),
        gain=(finite(gain.get("score")), finite(gain.get("low")), finite(gain.get("high"))),
        n=as_int(best.get("n")),
        verdict=as_text(as_dict(known.get("verdict")).get("kind")),
        new=_count(calls.get("new")),
        cached=_count(calls.get("cached")),
        usd=price(known.get("cost_usd")),
        prompt=as_text((kept or {}).get("prompt")),
    )


def with_spent(one: RunSummary) -> RunSummary:
    """Return `one` with what it spent, and its duration. Without a report its trace tells them, which may be megabytes."""
    if one.state.kind in ("finished", "cut short"):
        return one
    from promptwire.results.run import Run  # noqa: PLC0415 - it takes longer to import than to list a thousand runs

    run = Run(one.folder)
    timed = replace(one, seconds=run.seconds)
    spent = run.spent
    return timed if spent is None else replace(timed, new=spent.new, cached=spent.calls - spent.new, usd=spent.usd)


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _when(folder: Path) -> tuple[float, str]:
    """Time at which a run began, from its name, which needs no file; else when its folder changed."""
    stamp = began_at(folder, None)
    if stamp is None:
        try:
            stamp = folder.stat().st_mtime
        except OSError:
            stamp = 0.0
    return stamp, folder.name
