"""Measure which share of a run's processor time promptwire takes beside the embedded model.

    python bench/local_share.py [MODEL ...]          by default `local`

The model runs in a child process of llama.cpp. The processor time of a whole run, imports included, is that of this process and
of its child. The run is a search of about 200 calls and its comparison, with an empty cache.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time

import promptwire
from promptwire.options import Options


def used(whose: int) -> float:
    """Processor seconds of this process or of its children that have ended."""
    found = resource.getrusage(whose)
    return found.ru_utime + found.ru_stime


def measure(model: str) -> None:
    """Make a run with `model` in this process, and print its row."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"PROMPTWIRE_CACHE": f"{folder}/cache", "PROMPTWIRE_RUNS": f"{folder}/runs"}
        params = {"n": "5", "pulls": "120", "scored_on": "20"}
        report = promptwire.run("random-search", "antonyms", Options(models={"task": model}, params=params))
    own, theirs = used(resource.RUSAGE_SELF), used(resource.RUSAGE_CHILDREN)
    calls, seconds = report.calls.new, time.monotonic() - began
    print(f"| `{model}` | {calls} | {seconds:.1f} | {theirs:.1f} | {own:.2f} | {own / (own + theirs):.1%} |", flush=True)


def main() -> None:
    """One process for each model, so that none pays for the start of another."""
    if len(sys.argv) == 3 and sys.argv[1] == "--here":
        measure(sys.argv[2])
        return
    print(
        "| model | calls | seconds | llama.cpp: processor s | promptwire: processor s | share |\n|---|---|---|---|---|---|",
        flush=True,
    )
    for model in sys.argv[1:] or ["local"]:
        subprocess.run([sys.executable, __file__, "--here", model], check=True)


if __name__ == "__main__":
    main()
