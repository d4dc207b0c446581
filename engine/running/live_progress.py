"""Progress of a run that was started from Python: updated in place in a notebook, plain lines on standard error elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from html import escape
from importlib import import_module
from typing import Any, Final

from promptwire.gateway.usage import Usage
from promptwire.results.progress import Progress
from promptwire.results.progress_lines import LineTimer, progress_line, progress_lines
from promptwire.results.ticking import ticking
from promptwire.running.observer import RunObserver
from promptwire.security.sanitizer import sanitize

__all__ = ["LiveProgress", "ProgressText", "notebook_show", "shown"]

_PAUSE: Final = 0.5
"""Seconds between two updates in a notebook."""
Show = Callable[["ProgressText"], None]
"""Shows the progress in place of what it showed before."""


class ProgressText:
    """Lines that a notebook shows."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.text = "\n".join(map(sanitize, lines))
        """The lines, without control characters."""

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<pre style="white-space:pre-wrap;margin:0">{escape(self.text)}</pre>'


def notebook_show() -> Show | None:
    """Return what updates one output of the present notebook cell; None outside of a notebook.

    IPython is not imported by this: where its kernel runs, it is there already.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or getattr(shell, "kernel", None) is None:
        return None
    handle: list[Any] = []

    def show(text: ProgressText) -> None:
        if handle:
            handle[0].update(text)
        else:
            handle.append(import_module("IPython.display").display(text, display_id=True))

    return show


class LiveProgress:
    """An observer that shows where a run is, and passes everything on to another observer."""

    def __init__(self, also: RunObserver | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.progress = Progress(clock)
        self._also = also
        self._clock = clock
        self._show = notebook_show()
        self._timer = LineTimer(clock())
        self._said = ""

    def say(self, text: str) -> None:
        """Show one line of text."""
        self._said = text
        if self._show is None:
            self._print(text)
        if self._also is not None:
            self._also.say(text)

    def follow(self, usage: Usage) -> None:
        """Read the counts from `usage`."""
        self.progress = Progress(self._clock)
        self.progress.usage = usage
        if self._also is not None:
            self._also.follow(usage)

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Take an event of the run."""
        self.progress(event, facts)
        if self._also is not None:
            self._also(event, facts)

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Show the progress until the block ends."""
        try:
            with ticking(self.tick, _PAUSE):
                yield
        finally:
            self._end()

    def tick(self) -> None:
        """Update the output of the notebook, or print a plain line if it is time for one."""
        if self._show is not None:
            said = (self._said,) if self._said else ()
            self._show(ProgressText(iter((*progress_lines(self.progress.view()), *said))))
        elif self._timer.is_due(self._clock()):
            self._print(progress_line(self.progress.view()))

    def _end(self) -> None:
        """Leave one line in the notebook: the report says the rest."""
        if self._show is not None:
            self._show(ProgressText(iter((progress_line(self.progress.view()),))))

    @staticmethod
    def _print(line: str) -> None:
        sys.stderr.write(f"{sanitize(line)}\n")


def shown(observer: RunObserver | None) -> AbstractContextManager[None]:
    """Return a block in which `observer` draws, if it does."""
    return observer.drawing() if isinstance(observer, LiveProgress) else nullcontext()
