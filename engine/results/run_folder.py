"""Run folder: options, events, step outputs, calls and report of one run.

    events.jsonl     one line per event (written by `promptwire.gateway.trace`)
    values.jsonl     one line per step and round: its outputs, by port (written by `promptwire.gateway.trace`); a set of a
                     thousand members or more without those of earlier lines, whose number is `recorded_before`;
                     then two lines `report`, with the elements `test` and `train`: the rows of the initial and the best prompt
    calls.jsonl      one line per cache key that was used
    run.json         options and files of the run, for `promptwire bundle` (see `promptwire.results.provenance`)
    task.json        requests, settings and metric of the run, for `promptwire export` (see `promptwire.results.task_record`)
    best.json        the best prompt, written at the end of the search, before the prompts are compared
    report.json      the report; absent when the run did not finish
    state.json       what the run was started with, how it ended, and its lock (see `promptwire.results.run_state`)
    asked.jsonl      requests with their replies and how each was read (see `promptwire.results.asked`)

No file in it is needed to continue a run. Run the same command again: finished calls come from the cache and cost nothing.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from promptwire.errors import RunError

__all__ = ["keep_file", "make_folder", "working_folder", "write_file"]


def working_folder() -> Path:
    """Return the working folder. Raises RunError when it was deleted."""
    try:
        return Path.cwd()
    except OSError as error:
        raise RunError("the working folder was deleted", hint="change to a folder that exists and run again") from error


def make_folder(runs: Path, name: str) -> Path:
    """Make a folder in `runs`, named by time and `name`. Only its owner has access.

    Raises RunError when it can't be made.
    """
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:80]
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for attempt in range(1000):
        folder = runs / (f"{stamp}-{words}" + (f"-{attempt}" if attempt else ""))
        try:
            runs.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
        except FileExistsError as error:
            if not runs.is_dir():
                raise RunError("the runs folder is a file", where=str(runs), hint="set PROMPTWIRE_RUNS to a folder") from error
        except RecursionError as error:  # pathlib creates parent folders recursively
            hint = "set PROMPTWIRE_RUNS to a shorter path"
            raise RunError("the path of the runs folder has too many parts", where=f"{runs}"[:200], hint=hint) from error
        except OSError as error:
            raise _unwritable(folder, error) from error
        else:
            return folder
    raise RunError("there is no free name for a run folder", where=str(runs))


def write_file(path: Path, text: str) -> None:
    """Write `text` to `path` atomically. Raises RunError when it can't be written."""
    part = path.with_name(path.name + ".part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error


def keep_file(path: Path, text: str) -> None:
    """Write `text` to `path` in a run folder; make the folder again if it was deleted. Raises RunError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path.parent, error) from error
    write_file(path, text)


def _unwritable(path: Path, error: OSError) -> RunError:
    hint = "free some disk space, or set PROMPTWIRE_RUNS to a folder that can be written"
    return RunError(f"can't be written: {error.strerror or error}", where=str(path), hint=hint)
