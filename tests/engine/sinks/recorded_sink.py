"""A sink that keeps what it gets, and a run folder with few lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from promptwire.results.run import Run
from promptwire.sinks.sink import Line

__all__ = ["Recorded", "folder_of"]


class Recorded:
    """A sink that keeps what it gets."""

    target = "mine"
    files = ("events.jsonl", "calls.jsonl")

    def __init__(self, at: str = "", error: BaseException | None = None) -> None:
        self.got: list[str] = []
        self.lines: list[Line] = []
        self.at, self.error = at, error

    def _do(self, what: str) -> None:
        self.got.append(what)
        if self.at == what and self.error is not None:
            raise self.error

    def begin(self, run: Run, *, live: bool) -> None:
        self._do("begin")

    def take(self, lines: Sequence[Line]) -> None:
        self.lines += lines
        self._do("take")

    def end(self, run: Run) -> None:
        self._do("end")


def folder_of(tmp_path: Path) -> Path:
    (tmp_path / "state.json").write_text('{"began": 1.0, "ended": 2.0, "how": "finished"}')
    (tmp_path / "events.jsonl").write_text('{"n":1,"t":0,"event":"run"}\n{"n":3,"t":0.2,"event":"best"}\n')
    (tmp_path / "calls.jsonl").write_text('{"n":2,"t":0.1,"key":"k"}\nbroken\n{"n":4')
    return tmp_path
