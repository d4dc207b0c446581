"""A sweep of 6 cells with a counting model server, and what one process without Redis makes of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cluster_parts import MISSING, ModelServer, Parts
from cluster_sweeps import Home, write_sweep

__all__ = ["IN_FLIGHT", "NEEDS_CLUSTER", "Shown", "until"]

NEEDS_CLUSTER = pytest.mark.skipif(
    bool(MISSING) and os.environ.get("CI") != "true", reason=f"missing here: {MISSING}; .ci/run installs it"
)
IN_FLIGHT = 64
"""Most questions that one process has asked and not stored: 32 in flight, and what the writer of the cache has not written."""
_PATIENCE = 120.0


class Shown:
    """The sweep with its model server."""

    def __init__(self, parts: Parts, folder: Path) -> None:
        self.parts = parts
        self.folder = folder
        self.model: ModelServer = parts.model_server()
        self.file = write_sweep(folder / "sweep", self.model.url, seeds=1)
        alone = Home(folder / "alone")
        alone.sweep(self.file, "--quiet")
        self.questions, self.outcomes = self.model.questions(), alone.outcomes()
        assert len(self.outcomes) == 6 and set(self.questions.values()) == {1}

    def home(self, name: str, url: str) -> Home:
        """A folder for sweeps, with the address of a Redis server."""
        return Home(self.folder / name, url)

    def part_of_questions(self, share: float) -> None:
        """Wait until this share of all questions was answered, so that the sweep is in the middle."""
        until(lambda: len(self.model.questions()) > share * len(self.questions))

    @property
    def repeated(self) -> int:
        """Answers that were given more than once. All questions were asked, and no others."""
        found = self.model.questions()
        assert found.keys() == self.questions.keys()
        return sum(found.values()) - len(found)


def until(ready: Callable[[], bool]) -> None:
    """Wait until `ready`."""
    end = time.monotonic() + _PATIENCE
    while not ready():
        assert time.monotonic() < end, "it did not come to this"
        time.sleep(0.02)
