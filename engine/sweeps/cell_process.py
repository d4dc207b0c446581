"""Process that runs the cells of one slot of a worker: `python -m promptwire.sweeps.cell_process FOLDER PLUGIN...`

A process of its own keeps the working folder, the environment and the plug-ins of a cell apart from those of others. It can
also be stopped. A line of its input is a JSON object: `home`, the folder with the parcel, and `check`, to stop before anything
is spent. The line `stop`, and the end of the input, stop the cell as Ctrl-C stops a run. Its output has a line for each event,
and one for the end. What plug-ins print goes to standard error.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from promptwire.api import plan
from promptwire.errors import CacheError, PromptwireError, RunError
from promptwire.gateway.idle_loop import run_loop
from promptwire.options import cache_folder
from promptwire.registry.plugins import load_plugin
from promptwire.security.access_log import FileAccessLog
from promptwire.security.secrets import redact
from promptwire.sweeps.cell_keys import CellKeys
from promptwire.sweeps.cell_run import run_cell
from promptwire.sweeps.matrix import Block
from promptwire.sweeps.parcel import read_parcel
from promptwire.sweeps.runner import CellEnd, CellEvent, CellProgress, RunnerNote
from promptwire.sweeps.sweep_account import joined
from promptwire.sweeps.unpacking import Unpacked, unpack

__all__ = ["PARCEL", "RUNS", "main"]

PARCEL: Final = "parcel.jsonl"
"""Name of the parcel in a cell's folder."""
RUNS: Final = "runs"
"""Name of the folder with the run folder in it."""
_GRACE: Final = 60.0
"""Seconds that a cell whose worker is gone has to store what it paid for."""


Told = Callable[[str, dict[str, Any]], None]


class _Commands:
    """Reads the input in a thread of its own, so that a cell can be stopped while it runs."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[str] = queue.Queue()
        self.stop: Callable[[], object] | None = None
        self.stopped = False
        self.gone = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            if line.strip() == "stop":
                self.interrupt()
            else:
                self.stopped = False
                self.waiting.put(line)
        self.gone = True
        self.waiting.put("")
        self.interrupt()
        threading.Timer(_GRACE, os._exit, (1,)).start()

    def interrupt(self, *_: object) -> None:
        """Stop the cell that runs."""
        self.stopped = True
        if self.stop is not None:
            self.stop()


def main(folder: str, plugins: Sequence[str]) -> None:
    """Run cells until the input ends, then remove `folder`, which holds the plug-ins."""
    told = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    cache = str(cache_folder().absolute())
    os.environ["PROMPTWIRE_CACHE"] = cache
    commands = _Commands()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches all processes; the worker decides
    signal.signal(signal.SIGTERM, commands.interrupt)

    def tell(kind: str, facts: dict[str, Any]) -> None:
        try:
            told.write(json.dumps({"kind": kind, **facts}) + "\n")
            told.flush()
        except OSError:  # the worker is gone
            commands.gone = True

    refused = _load(plugins)
    while line := commands.waiting.get():
        command = json.loads(line)
        home = Path(command["home"])
        tell("end", {"error": refused} if refused else _serve(home, commands, tell, plugins=plugins, check=command["check"]))
        os.chdir("/" if os.name == "posix" else os.path.abspath(os.sep))
        if commands.gone:
            shutil.rmtree(home, ignore_errors=True)
    told.close()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)  # the timer of the end of the input may still run


def _load(plugins: Sequence[str]) -> str:
    """Load the plug-in files; return the error of one that fails."""
    try:
        for file in plugins:
            load_plugin(file)
    except PromptwireError as error:
        return str(error)
    return ""


def _serve(home: Path, commands: _Commands, tell: Told, *, plugins: Sequence[str], check: bool) -> dict[str, Any]:
    """Run or check the cell in the folder `home`, and return the facts of its end."""
    try:
        parcel = read_parcel((home / PARCEL).read_text(encoding="ascii"))
        made = unpack(parcel, home)
        os.environ["PROMPTWIRE_RUNS"] = str(home / RUNS)
        os.environ["PROMPTWIRE_ALLOW"] = os.pathsep.join([str(made.files), *parcel.outside])
        os.chdir(made.working)
        _check_key(made, [file for file in plugins if os.path.basename(file) in parcel.keyed])
        if check:
            plan(made.cell.pipeline, made.cell.task, made.cell.options)
            return {}
        end = run_loop(_run(made, commands, tell))
    except CacheError as error:
        return {"error": redact(str(error)), "fatal": True}
    except PromptwireError as error:
        return {"error": redact(str(error))}
    except (KeyboardInterrupt, asyncio.CancelledError):
        return {"stopped": True}
    except Exception as error:  # a plug-in's code can raise anything
        return {"error": redact(f"{type(error).__name__}: {error}")}
    finally:
        commands.stop = None
    return {"end": {**asdict(end), "run": None}}


def _check_key(made: Unpacked, plugins: Sequence[str]) -> None:
    log = FileAccessLog(made.allowed)
    with log.recording():
        cell = made.cell
        block = Block(cell.row, cell.task, cell.pipeline, cell.options)
        key = block.cell(cell.seed, CellKeys().key(cell.pipeline, cell.task, cell.options, plugins)).key
    if key != made.cell.key:
        hint = "use the same promptwire, plug-ins and model files on all workers as where the sweep was started"
        raise RunError("this worker would run another cell than the one of the sweep", hint=hint)


async def _run(made: Unpacked, commands: _Commands, tell: Told) -> CellEnd:
    """Run the cell; a command can stop it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 - a coroutine that runs is one of a task
    commands.stop = lambda: loop.call_soon_threadsafe(task.cancel)
    if commands.stopped:  # before there was anything to stop
        raise asyncio.CancelledError

    def listen(event: CellEvent) -> None:
        if isinstance(event, CellProgress):
            tell("progress", asdict(event))
        elif isinstance(event, RunnerNote):
            tell("note", asdict(event))

    common, url = made.common, made.cell.options.shared_cache
    account = common.account(url) if common is not None else nullcontext()
    async with account as store, joined(store, common, listen) as shared:
        return await run_cell(made.cell, listen, access_log=FileAccessLog(made.allowed), shared=shared)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
