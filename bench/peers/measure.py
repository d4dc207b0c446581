"""Runs one work by one tool, as a process of its own, and says what it took."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .admission import Settings
from .environments import HOME, python
from .replies import item, label_of
from .works import TOOLS, WORKS, Work

__all__ = ["LONGEST", "control", "running_server", "take"]

LONGEST = 240
"""Seconds after which a process is ended; it counts as failed."""
_DONE = "done"
"""File in the folder of a work that was done to its end."""
_PROMPT = (
    "Prompt {}: read the review below from its first to its last word and say whether the person who wrote it liked what it is"
    " about. Answer with one word in lower case, positive or negative, and with nothing else."
)


@contextmanager
def running_server() -> Iterator[str]:
    """A server in a process of its own; gives its address."""
    command = [sys.executable, "-m", f"{Path(__file__).parent.name}.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def control(address: str, settings: Settings | None = None) -> dict[str, Any]:
    """Give the server new settings, or read its counters."""
    data = None if settings is None else json.dumps(asdict(settings)).encode()
    path = "counters" if settings is None else "settings"
    with urllib.request.urlopen(f"{address}/{path}", data=data, timeout=30) as reply:  # noqa: S310 - an address of this machine
        found: dict[str, Any] = json.load(reply)
    return found


def take(name: str, tool: str, address: str) -> dict[str, Any]:
    """Let `tool` do the work `name` once. A tool that fails has an `error` in place of its time."""
    work = WORKS[name]
    folder = HOME / "work" / f"{TOOLS[tool].script[5:-3]}-{TOOLS[tool].evaluate}-{work.folder or name}"
    if not work.folder:
        shutil.rmtree(folder, ignore_errors=True)
    elif not (folder / _DONE).exists():
        take(work.folder, tool, address)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "job.json"
    file.write_text(json.dumps(_job(work, tool, address, folder)), encoding="utf-8")
    control(address, work.server)
    run = _process(tool, file)
    if "error" not in run:
        (folder / _DONE).touch()
    return {"work": name, "tool": tool, **run, **control(address)}


def _job(work: Work, tool: str, address: str, folder: Path) -> dict[str, Any]:
    kind, options = work.searches.get(tool, (TOOLS[tool].evaluate, {}))
    return {
        "work": kind,
        "base": f"{address}/v1",
        "limit": work.limit,
        "prompts": [_PROMPT.format(number) for number in range(work.prompts_of(tool))],
        "examples": [(item(number), label_of(number)) for number in range(work.examples)],
        "options": options,
        "folder": str(folder),
    }


def _process(tool: str, file: Path) -> dict[str, Any]:
    """Run the script of `tool` on the job in `file`."""
    command = [python(TOOLS[tool].environment), str(Path(__file__).parent / "tools" / TOOLS[tool].script), str(file)]
    began, text = time.perf_counter(), ""
    with (file.parent / "errors.txt").open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=file.parent, env=_environment()
        )
        try:
            text, _ = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return {"error": f"not done after {LONGEST} s"}
    whole = time.perf_counter() - began
    if process.returncode:
        last = (file.parent / "errors.txt").read_text(encoding="utf-8").strip().splitlines()[-1:]
        return {"error": (last or ["it ended without a word"])[0][:200]}
    found: dict[str, Any] = json.loads(text.strip().splitlines()[-1])
    return {**found, "whole": whole}


def _environment() -> Mapping[str, str]:
    """The variables of a tool's process: no real key, no proxy, no list of prices from elsewhere (litellm, dspy)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PROMPTWIRE_", "OPENAI_"))}
    local = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    return {**kept, **local, "OPENAI_API_KEY": "k"}
