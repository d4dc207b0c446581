"""Draw docs/static/progress.svg: the progress display in the middle of a real run.

    python bench/progress_picture.py docs/static/progress.svg

The run is that of a shipped pipeline and task, with the scripted model of the docs. Here the model takes a fraction of a second
for each request, as a hosted one does, and throttles a few of them. The picture is what a terminal of 104 columns shows at that
moment. It holds no font and no address.
"""

from __future__ import annotations

import asyncio
import io
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promptwire.api import run_async
from promptwire.backend import Request
from promptwire.backends.planted import reply
from promptwire.backends.scripted import ScriptedBackend
from promptwire.cli.console import SafeConsole
from promptwire.cli.progress import ProgressDisplay
from promptwire.errors import TransientError
from promptwire.gateway.idle_loop import run_loop
from promptwire.options import Options

PIPELINE, TASK = "protegi-small", "planted"
WIDTH = 104
THROTTLED = range(170, 173)
"""Requests that the model throttles, counted from 0."""
FORMAT = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="progress of a run">
<style>.{unique_id}-matrix {{ font: {char_height}px ui-monospace, Menlo, Consolas, monospace }}
.{unique_id}-title {{ font: bold 16px system-ui, sans-serif }}
{styles}</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""
"""Rich's own form loads a font from another server."""


class Photographer(ProgressDisplay):
    """A display that is drawn once: a while after the model has begun to throttle."""

    def __init__(self, console: SafeConsole) -> None:
        super().__init__(console)
        self.taken = asyncio.Event()

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Take an event of the run."""
        super().__call__(event, facts)
        if event == "retry" and not self.taken.is_set():
            self.taken.set()
            asyncio.get_running_loop().call_later(0.1, lambda: self.console.print(self.drawn()))

    def say(self, text: str) -> None:
        """Leave single lines out of the picture."""


def model() -> ScriptedBackend:
    """The scripted model, with the time and the faults of a hosted one."""
    count = iter(range(10**6))

    def answer(request: Request, key: str) -> str:
        if next(count) in THROTTLED:
            error = TransientError("status 429", retry_after=9.0, throttled=True)
            raise error
        return reply(request, key)

    return ScriptedBackend(
        answer, name=f"scripted:{TASK}", parallel=16, latency=lambda request: 0.2 + len(request.prompt) % 7 / 20
    )


def picture() -> str:
    """The picture of one run, as SVG."""
    console = SafeConsole(file=io.StringIO(), record=True, force_terminal=True, width=WIDTH, highlight=False)
    display = Photographer(console)
    backend = model()
    options = Options(limits={"calls": 1000})
    models = {"task": backend, "meta": backend, "judge": backend}
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(PROMPTWIRE_CACHE=f"{folder}/cache", PROMPTWIRE_RUNS=f"{folder}/runs")
        run_loop(run_async(PIPELINE, TASK, options, observer=display, approve=lambda plan: None, models=models))
    title = f"promptwire run {PIPELINE} --task {TASK} --limit calls=1000"
    drawn = console.export_svg(title=title, code_format=FORMAT, unique_id="progress")
    return "\n".join(line.strip() for line in drawn.splitlines() if line.strip()) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture(), encoding="utf-8")
