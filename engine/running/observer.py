"""Protocol of what follows a run while it works, such as a progress display."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from promptwire.gateway.usage import Usage

__all__ = ["RunObserver"]


class RunObserver(Protocol):
    """Follows a run while it works."""

    def say(self, text: str) -> None:
        """Show one line, such as the progress of a download."""

    def follow(self, usage: Usage) -> None:
        """Take the usage of this run, which can be read at any time."""

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Take an event of the run, as the trace has it."""
