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

from promptwire.cli.report_text import _text
from promptwire.gateway.usage import Usage

__all__ = ["ProgressDisplay"]


_REFRESH = 8


class ProgressDisplay:
    """Shows which steps are running and how many answers they have; see `promptwire.api.Watch`."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._running: dict[str, str] = {}
        self._tally: Usage | None = None
        self._live: Live | None = None
        self._began = time.monotonic()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Draw until the block ends. Without a terminal only `say` prints."""
        if not self.console.is_terminal:
            yield
            return
        with Live(get_renderable=self.drawn, console=self.console, refresh_per_second=_REFRESH, transient=True) as self._live:
            yield
        self._live = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stand still until the block ends, so that a person can be asked something."""
        if self._live is None:
            yield
            return
        self._live.stop()
        try:
            yield
        finally:
            self._live.start()

    def say(self, text: str) -> None:
        """One line above the moving part."""
        self.console.print(_text(text, style="dim"))

    def follow(self, tally: Usage) -> None:
        """Read numbers from this tally."""
        self._tally = tally

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Take an event of the run."""
        path, round = facts.get("path", ""), facts.get("round", "")
        if event == "start":
            self._running[path] = round
        elif event in ("done", "failed"):
            self._running.pop(path, None)
        elif event == "best":
            self.say(f"best prompt: {facts.get('prompt') or '(empty)'}")
        elif event == "paced":
            self.say(f"{facts.get('model')}: waits now and then, to keep its limits per minute")

    def drawn(self) -> Group:
        """The moving part: a line for each step at work, and one for the whole run."""
        counts = dict(self._tally.steps) if self._tally else {}
        # The held-out comparison is no step of the graph: it shows by the answers that it waits for.
        waiting = (path for path, count in counts.items() if count.had < count.wanted)
        table = Table.grid(padding=(0, 2))
        for path in dict.fromkeys((*list(self._running), *waiting)):
            count, round = counts.get(path), self._running.get(path)
            numbers = f"{count.had:,}/{count.wanted:,} answers" if count else ""
            table.add_row(_text(path, style="cyan"), Text(f"round {round}" if round else "", style="dim"), Text(numbers))
        new, cached = (sum(getattr(count, name) for count in counts.values()) for name in ("new", "cached"))
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        whole = f"{minutes}:{seconds:02}   {new:,} new calls, {cached:,} from cache"
        return Group(table, Text(whole, style="dim"))
