"""The job of a tool's process: what to do, how long it took. Needs the standard library alone, because each tool has its own
environment. The result is the last line of the standard output, as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Job", "main"]


@dataclass(frozen=True)
class Job:
    """What a process is to do."""

    work: str
    """Name of the work: a key of the tool's table."""
    base: str
    """Address of the server, up to /v1."""
    limit: int
    """Most requests in flight that the tool may be set to."""
    prompts: list[str]
    """Initial prompts, or the prompts to evaluate."""
    examples: list[tuple[str, str]]
    """Texts with their labels."""
    options: dict[str, Any]
    """Settings of the algorithm."""
    folder: str
    """Where the tool keeps its cache. The process runs in it."""


def main(works: Mapping[str, Callable[[Job], int]]) -> None:
    """Do the job that the first argument names, and print how long it took and how many rows have a score."""
    job = Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    began, spent = time.perf_counter(), time.process_time()
    rows = works[job.work](job)
    found = {"rows": rows, "seconds": time.perf_counter() - began, "cpu": time.process_time() - spent}
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({**found, "megabytes": used.ru_maxrss / 1024, "whole_cpu": used.ru_utime + used.ru_stime}), flush=True)
