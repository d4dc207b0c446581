"""Progress display of a run on the terminal; plain lines where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console, Group
from rich.live import Live

from promptwire.cli.console import safe_text
from promptwire.cli.progress_text import progress_block
from promptwire.gateway.usage import Usage
from promptwire.results.progress import Progress
from promptwire.results.progress_lines import LineTimer, progress_line
from promptwire.results.ticking import ticking

__all__ = ["ProgressDisplay", "WarningsOnly"]

_REFRESHES_PER_SECOND: Final = 8
_TICK: Final = 1.0
"""Seconds between two looks whether a plain line is due."""


class WarningsOnly:
    """Shows the warnings of a run whose progress is not shown; a `promptwire.api.RunObserver`."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """Print a warning. Other lines are left out."""
        if text.startswith("warning:"):
            self._console.print(safe_text(text), soft_wrap=True)

    def follow(self, usage: Usage) -> None:
        """Do nothing: no counts are shown."""

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Do nothing: no events are shown."""


class ProgressDisplay:
    """Shows where a run is; a `promptwire.api.RunObserver`."""

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.console = console
        self.progress = Progress(clock)
        self._clock = clock
        self._timer = LineTimer(clock())
        self._live: Live | None = None

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Draw until the block ends; without a terminal, print a plain line from time to time."""
        if not self.console.is_terminal:
            with ticking(self.tick, _TICK):
                yield
            return
        live = Live(get_renderable=self.drawn, console=self.console, refresh_per_second=_REFRESHES_PER_SECOND, transient=True)
        with live as self._live:
            yield
        self._live = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop drawing until the block ends, for a question to the user."""
        if self._live is None:
            yield
            return
        self._live.stop()
        try:
            yield
        finally:
            self._live.start()

    def say(self, text: str) -> None:
        """Print one line above the moving part."""
        self.console.print(safe_text(text, style="dim"))

    def follow(self, usage: Usage) -> None:
        """Read the counts from `usage`, those of a run that begins. What a run before it left is not shown again."""
        self.progress = Progress(self._clock)
        self.progress.usage = usage

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Show an event of the run."""
        self.progress(event, facts)
        if event == "best":
            self.say(f"best prompt: {facts.get('prompt') or '(empty)'}")
        elif event == "paced":
            self.say(f"{facts.get('model')}: requests wait for the rate limit")

    def drawn(self) -> Group:
        """The moving part."""
        return progress_block(self.progress.view(), self.console.width)

    def tick(self) -> None:
        """Print a plain line if it is time for one."""
        if self._timer.is_due(self._clock()):
            self.console.print(safe_text(progress_line(self.progress.view()), style="dim"), soft_wrap=True)
