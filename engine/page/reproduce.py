"""How to make a run again: the command, versions and files."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from promptwire.results.run import Run
from promptwire.results.run_settings import RunSettings

__all__ = ["began", "page_reproduce", "run_command"]


def page_reproduce(run: Run) -> dict[str, Any]:
    """Return what one needs to make `run` again."""
    settings = run.settings
    return {
        "command": run_command(settings),
        "bundle": f"promptwire bundle {shlex.quote(run.name)}",
        "version": settings.version,
        "page": version("promptwire"),
        "fingerprint": settings.fingerprint,
        "ended": run.state.sentence if run.state.kind != "finished" else "by itself",
        "began": began(run),
        "files": [{"name": name, "sha256": sha} for name, sha in sorted(settings.files.items())],
    }


def began(run: Run) -> str:
    """Return the local time at which `run` began; empty when it is not known."""
    return "" if run.began is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.began))


def run_command(settings: RunSettings) -> str:
    """Return the command that starts the same run; empty when the pipeline or the task is not known."""
    if not settings.pipeline or not settings.task:
        return ""
    return " ".join(shlex.quote(part) for part in _parts(settings))


def _parts(settings: RunSettings) -> Iterator[str]:
    yield from ("promptwire", "run", settings.pipeline, "--task", settings.task)
    models = {role: name for role, name in settings.models.items() if name}
    if len(set(models.values())) == 1:
        yield from ("--model", next(iter(models.values())))
    else:
        for role, name in models.items():
            yield from ("--model", f"{role}={name}")
    if settings.seed is not None:
        yield from ("--seed", str(settings.seed))
    if settings.repeats != 1:
        yield from ("--repeats", str(settings.repeats))
    for name, value in settings.params.items():
        yield from ("-p", f"{name}={value}")
    for name, value in settings.patches.items():
        yield from ("--set", f"{name}={value}")
    for name, number in settings.limits.items():
        yield from ("--limit", f"{name}={number:g}")
    yield from _changes(settings)


def _changes(settings: RunSettings) -> Iterator[str]:
    """Options that replace keys of the task file."""
    for name, value in settings.changes.items():
        if name == "labels" and isinstance(value, list):
            yield from ("--labels", ",".join(map(str, value)))
        else:
            for one in value if isinstance(value, list) else [value]:
                yield from (f"--{name}", str(one))
