"""Protocol of what follows a run while it works, such as a progress display."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from promptwire.gateway.usage import Usage

__all__ = ["RunObserver"]


class RunObserver(Protocol):
    """What follows a run while it works."""

    def say(self, text: str) -> None:
        """Show one line, such as what a model's download is doing."""

    def follow(self, tally: Usage) -> None:
        """The numbers of this run can be read here at any time."""

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """An event of the run, as the trace has it."""
