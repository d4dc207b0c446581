"""Follow a run through the files that it writes: its progress, as an observer inside it would see it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from promptwire.results.lenient import as_text
from promptwire.results.progress import Progress, View
from promptwire.results.run import Run
from promptwire.results.tail import Tail
from promptwire.security.untrusted_numbers import finite, price, token_count

__all__ = ["Follower"]


class Follower:
    """Reads the lines that a run adds to its events and calls."""

    def __init__(self, run: Run, *, clock: Callable[[], float] = time.time) -> None:
        began = run.began or clock()
        first = [True]

        def since() -> float:
            """Seconds since the run began: 0 at first, when the progress is made."""
            if first:
                first.clear()
                return 0.0
            return max(0.0, clock() - began)

        self.progress = Progress(since)
        settings = run.settings
        self.progress("run", {"pipeline": settings.pipeline, "task": settings.task, "limits": settings.limits})
        self._events = Tail(run.folder / "events.jsonl")
        self._calls = Tail(run.folder / "calls.jsonl")

    def read(self) -> list[dict[str, Any]]:
        """Read the new lines, and return the new events."""
        events = list(self._events.lines())
        for event in events:
            self._take(event)
        for call in self._calls.lines():
            count = self.progress.usage.of(as_text(call.get("path")))
            count.wanted += 1
            if call.get("new") is True:
                count.new += 1
            else:
                count.cached += 1
        return events

    def view(self) -> View:
        """Return the progress of the run at this moment. Requests in flight are known only to the run itself."""
        return replace(self.progress.view(), in_flight=None)

    def _take(self, event: Mapping[str, Any]) -> None:
        what, facts = as_text(event.get("event")), {name: value for name, value in event.items() if name != "event"}
        if what in ("request", "charged"):
            count = self.progress.usage.of(as_text(event.get("path")))
            count.tokens_in += token_count(event.get("tokens_in")) + token_count(event.get("tokens"))
            count.tokens_out += token_count(event.get("tokens_out"))
            usd = price(event.get("usd"))
            count.priced += usd or 0.0
            count.unpriced += usd is None
        if what == "retry" and (wait := finite(event.get("wait"))) is not None:
            left = (finite(event.get("t")) or 0.0) + wait - self.progress.clock()
            if left <= 0:  # it was sent again before this reader came
                return
            facts["wait"] = left
        try:
            self.progress(what, facts)
        except (KeyError, TypeError, ValueError):  # an event of another version: the rest of the progress still holds
            return
