"""Progress display of a sweep: a line for each cell that ended, the cells at work, and the total with the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from promptwire.cli.console import safe_text
from promptwire.cli.sweep_text import end_line
from promptwire.results.progress_lines import LineTimer, clock_text
from promptwire.results.ticking import ticking
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.progress import CellAtWork, SweepProgress, SweepView
from promptwire.sweeps.runner import CellEnd, CellEvent, RunnerNote

__all__ = ["SweepDisplay", "total_line"]

_REFRESHES_PER_SECOND: Final = 4
_TICK: Final = 1.0
"""Seconds between two looks whether a plain line is due."""
_AT_WORK: Final = 8
"""Most cells at work that are shown at once."""


class SweepDisplay:
    """Shows where a sweep is. `tell` takes the events of its cells."""

    def __init__(
        self,
        console: Console,
        cells: Sequence[Cell],
        bounds: Mapping[str, int | None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.console = console
        self.progress = SweepProgress(bounds, clock)
        self._cells = {cell.key: cell for cell in cells}
        self._clock = clock
        self._timer = LineTimer(clock())

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Draw until the block ends; without a terminal, print a plain line from time to time."""
        if not self.console.is_terminal:
            with ticking(self.tick, _TICK):
                yield
            return
        rate = _REFRESHES_PER_SECOND
        with Live(get_renderable=self.drawn, console=self.console, refresh_per_second=rate, transient=True):
            yield

    def tell(self, event: CellEvent) -> None:
        """Take an event, and print the end of a cell."""
        self.progress(event)
        if isinstance(event, CellEnd):
            place = f"{self.progress.view().ended}/{len(self._cells)}"
            style = "red" if event.state == "failed" else "yellow" if event.state == "stopped" else ""
            self.console.print(safe_text(end_line(event, self._cells[event.key], place), style=style), soft_wrap=True)
        elif isinstance(event, RunnerNote):
            self.console.print(safe_text(event.text, style="dim"), soft_wrap=True)

    def drawn(self) -> Group:
        """The moving part."""
        view = self.progress.view()
        lines = [self._line(one) for one in view.at_work[:_AT_WORK]]
        if len(view.at_work) > _AT_WORK:
            lines.append(Text(f"  and {len(view.at_work) - _AT_WORK} more at work", style="dim"))
        return Group(*lines, safe_text(total_line(view), style="bold"))

    def tick(self) -> None:
        """Print a plain line if it is time for one."""
        if self._timer.is_due(self._clock()):
            self.console.print(safe_text(total_line(self.progress.view()), style="dim"), soft_wrap=True)

    def _line(self, one: CellAtWork) -> Text:
        parts = [self._cells[one.key].title, one.text, f"{one.calls:,} new calls", clock_text(one.seconds), one.where]
        return safe_text("  " + "   ".join(filter(None, parts)), style="cyan")


def total_line(view: SweepView) -> str:
    """All cells together, in one line."""
    parts = [f"{view.ended:,} of {view.cells:,} cells"]
    parts += [f"{number:,} {word}" for number, word in ((view.failed, "failed"), (view.stopped, "stopped")) if number]
    if view.at_work:
        parts.append(f"{len(view.at_work):,} at work")
    cached = f", {view.cached:,} from cache" if view.cached else ""
    parts.append(f"{view.calls:,} new calls{cached}")
    if view.usd:
        parts.append(f"${view.usd:.4f}")
    parts.append(clock_text(view.seconds))
    if view.left is not None and view.ended < view.cells:
        parts.append(f"about {clock_text(view.left)} left")
    return "   ".join(parts)
