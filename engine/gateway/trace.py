"""Trace of a run: one JSON line per event, step output, used completion and logged request.

Lines are only appended, so the trace of a killed run can be read up to its last second. Every line has a counter and the
seconds since the start, from a monotonic clock. Secrets are removed before a line is written.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

from promptwire.errors import RunError
from promptwire.security.secrets import redact, secrets
from promptwire.values.hashing import quoted

__all__ = ["Listener", "Trace", "enter_step"]

Listener = Callable[[str, Mapping[str, Any]], None]
"""Called with every event and its facts when it happens."""

_PATIENCE = 1.0
"""Seconds that a line may wait in memory: the most that a killed run loses."""
_JSON = json.JSONEncoder(separators=(",", ":"))
_PLACE: ContextVar[str] = ContextVar("place", default="")
"""Round and element of the step that the present task works for, as they follow other facts in a line; empty outside loops."""


def enter_step(round: str, element: str) -> None:
    """Name the round and the element of the step that the present task, and those that it starts, work for.

    Several runs of one step may be at work at once. By this, a line about a request tells which of them it belongs to.
    """
    _PLACE.set(f',"round":{quoted(round)},"element":{quoted(element)}' if round or element else "")


class Trace:
    """Appends to the JSON Lines files in a run folder, such as `events.jsonl`. Without a folder it writes nothing."""

    def __init__(
        self, folder: Path | None, *, listener: Listener | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._listener = listener
        # JSON escapes quotation marks with a backslash: a secret that has one is searched in both forms.
        self._secrets = tuple(dict.fromkeys(form for one in secrets() for form in (one, json.dumps(one)[1:-1])))
        self._clock = clock
        self._began = self._flushed = clock()
        self._count = 0
        self._files: dict[str, IO[str]] = {}

    @classmethod
    def null(cls) -> Trace:
        """A trace that writes nothing."""
        return cls(None)

    def event(self, what: str, **facts: Any) -> None:
        """Write one line to `events.jsonl`, and call the listener with `what` happened and its `facts`.

        Raises RunError when the folder can't be written.
        """
        if self._listener is not None:
            self._listener(what, facts)
        place = _PLACE.get() if "path" in facts and "round" not in facts else ""
        self._write("events.jsonl", {"event": what, **facts}, place)

    def value(self, outputs: Callable[[], str], **facts: Any) -> None:
        """Write one line to `values.jsonl`: the outputs of a step, whose JSON text is made only for a folder.

        Raises RunError when the folder can't be written.
        """
        if self._folder is not None:
            self._write("values.jsonl", facts, f',"outputs":{outputs()}')

    def call(self, key: str, *, path: str, new: bool, sample: int, parts: str) -> None:
        """Write one line to `calls.jsonl`: a completion that was used by the step at `path`. `parts` is JSON.

        Raises RunError when the folder can't be written.
        """
        facts = f'"key":"{key}","path":{quoted(path)},"new":{"true" if new else "false"},"sample":{sample},"parts":{parts}'
        self._add("calls.jsonl", f"{facts}{_PLACE.get()}}}")

    def asked(self, **facts: Any) -> None:
        """Write one line to `asked.jsonl`: a request with its replies.

        Raises RunError when the folder can't be written.
        """
        self._write("asked.jsonl", facts)

    def flush(self) -> None:
        """Hand all lines to the operating system. Raises RunError when that fails."""
        self._flushed = self._clock()
        try:
            for file in self._files.values():
                file.flush()
        except OSError as error:
            raise self._write_error(error) from error

    def close(self) -> None:
        """Flush and close the files. Raises RunError when lines were lost."""
        files, self._files, self._folder = self._files, {}, None
        failed: OSError | None = None
        for file in files.values():
            try:
                file.close()
            except OSError as error:
                failed = error
        if failed is not None:
            raise self._write_error(failed) from failed

    def _write(self, name: str, facts: dict[str, Any], more: str = "") -> None:
        """Write a line of `facts`, and of `more` behind them, which begins with a comma."""
        if self._folder is not None:
            self._add(name, f"{_JSON.encode(facts)[1:-1]}{more if facts else more[1:]}}}")

    def _add(self, name: str, facts: str) -> None:
        """Write a line of `facts`, which are JSON without the first brace, after its counter and time."""
        if self._folder is None:
            return
        now = self._clock()
        self._count += 1
        line = redact(f'{{"n":{self._count},"t":{round(now - self._began, 4)!r},{facts}', self._secrets)
        try:
            self._file(name).write(line + "\n")
        except OSError as error:
            raise self._write_error(error) from error
        if now - self._flushed >= _PATIENCE:
            self.flush()

    def _file(self, name: str) -> IO[str]:
        if name not in self._files:
            assert self._folder is not None  # noqa: S101 - checked by _write
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._files[name] = (self._folder / name).open("a", encoding="ascii", buffering=1 << 16)
            (self._folder / name).chmod(0o600)
        return self._files[name]

    @staticmethod
    def _write_error(error: OSError) -> RunError:
        hint = "free some space or choose another folder with PROMPTWIRE_RUNS; answers so far stay in the cache"
        return RunError(f"the run's record can't be written: {error.strerror or error}", hint=hint)
