"""Protocol of an observer of a run, such as a progress display."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from promptwire.gateway.usage import Usage

__all__ = ["RunObserver"]


class RunObserver(Protocol):
    """Receives the events of a run while it works."""

    def say(self, text: str) -> None:
        """Show one line of text, such as the progress of a download."""

    def follow(self, usage: Usage) -> None:
        """Receive the usage of this run. It may be read at any time."""

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Receive an event of the run, as written to the trace."""
