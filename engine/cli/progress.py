"""Progress display of a run on the terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from promptwire.cli.report_text import safe_text
from promptwire.gateway.usage import Usage

__all__ = ["ProgressDisplay"]

_REFRESHES_PER_SECOND = 8


class ProgressDisplay:
    """Shows the running steps and their counts of completions; a `promptwire.api.RunObserver`."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._running: dict[str, str] = {}
        self._usage: Usage | None = None
        self._live: Live | None = None
        self._began = time.monotonic()

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Draw until the block ends. Without a terminal only `say` prints."""
        if not self.console.is_terminal:
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
        """Read the counts from `usage`."""
        self._usage = usage

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Show an event of the run."""
        path, round = facts.get("path", ""), facts.get("round", "")
        if event == "start":
            self._running[path] = round
        elif event in ("done", "failed"):
            self._running.pop(path, None)
        elif event == "best":
            self.say(f"best prompt: {facts.get('prompt') or '(empty)'}")
        elif event == "paced":
            self.say(f"{facts.get('model')}: requests wait for the rate limit")

    def drawn(self) -> Group:
        """The moving part: one line for each running step, and one for the run."""
        counts = dict(self._usage.steps) if self._usage else {}
        # The held-out comparison is no step of the graph. The completions that it waits for show that it runs.
        waiting = (path for path, count in counts.items() if count.had < count.wanted)
        table = Table.grid(padding=(0, 2))
        for path in dict.fromkeys((*list(self._running), *waiting)):
            count, round = counts.get(path), self._running.get(path)
            numbers = f"{count.had:,}/{count.wanted:,} completions" if count else ""
            table.add_row(safe_text(path, style="cyan"), Text(f"round {round}" if round else "", style="dim"), Text(numbers))
        new, cached = (sum(getattr(count, name) for count in counts.values()) for name in ("new", "cached"))
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        whole = f"{minutes}:{seconds:02}   {new:,} new calls, {cached:,} from cache"
        return Group(table, Text(whole, style="dim"))
