"""Handle of a process that runs cells, and the pool of such processes in a worker."""

from __future__ import annotations

import atexit
import json
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from promptwire.errors import ClusterError
from promptwire.security.sanitizer import sanitize
from promptwire.values.hashing import digest

__all__ = ["CellChild", "Pool"]

_SHOWN: Final = 1500
"""Characters of what a process said last that its error shows."""


class CellChild:
    """A process that runs cells with these plug-ins, one after another."""

    def __init__(self, plugins: Mapping[str, str]) -> None:
        self.plugins = digest(dict(plugins))
        self._folder = Path(tempfile.mkdtemp(prefix="promptwire-worker-"))
        files = [self._folder / "plugins" / name for name in plugins]
        for file in files:
            file.parent.mkdir(exist_ok=True)
            file.write_text(plugins[file.name], encoding="utf-8", errors="surrogatepass", newline="")
        self._log = self._folder / "log"
        command = [sys.executable, "-m", "promptwire.sweeps.cell_process", str(self._folder), *map(str, files)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - Python itself, with file names
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, encoding="ascii"
            )
        self._end: threading.Thread | None = None
        self._told: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        if self._process.stdout is not None:
            with self._process.stdout as lines:
                for line in lines:
                    self._told.put(line)
        self._told.put("")

    def send(self, line: str) -> None:
        """Send a command. A process that is gone shows in `next_event`."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.write(line + "\n")
                self._process.stdin.flush()

    def next_event(self, timeout: float) -> dict[str, Any] | None:
        """What the process says next; None when it says nothing in this time. Raises ClusterError when it has ended."""
        try:
            line = self._told.get(timeout=timeout)
        except queue.Empty:
            return None
        if not line:
            raise ClusterError(f"the process of the cell ended{self._last_words()}")
        found: dict[str, Any] = json.loads(line)
        return found

    def _last_words(self) -> str:
        code = self._process.wait()
        how = f" by signal {-code}" if code < 0 else f" with code {code}"
        said = sanitize(self._log.read_text(encoding="utf-8", errors="replace")[-_SHOWN:]).strip()
        return f"{how}: {said}" if said else how

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can run another cell."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def close(self) -> None:
        """End the process, which stores what its cell paid for."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        self._end = threading.Thread(target=self._remove)
        self._end.start()

    def join(self, timeout: float) -> None:
        """Wait until the process has ended."""
        self._process.wait(timeout)
        if self._end is not None:
            self._end.join(timeout)

    def _remove(self) -> None:
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


class Pool:
    """Processes of a worker that wait for a cell."""

    def __init__(self) -> None:
        self._free: list[CellChild] = []
        self._lock = threading.Lock()
        atexit.register(self.close)

    def take(self, plugins: Mapping[str, str]) -> CellChild:
        """A process with these plug-ins. Those with others end: each sweep has its own."""
        wanted = digest(dict(plugins))
        with self._lock:
            free, self._free = self._free, []
            fitting = [child for child in free if child.alive and child.plugins == wanted]
            self._free = fitting[1:]
        for child in free:
            if child not in fitting:
                child.close()
        return fitting[0] if fitting else CellChild(plugins)

    def give_back(self, child: CellChild) -> None:
        """Keep `child` for another cell, if it still lives."""
        with self._lock:
            if child.alive:
                self._free.append(child)
                return
        child.close()

    def close(self) -> None:
        """End all that wait."""
        with self._lock:
            free, self._free = self._free, []
        for child in free:
            child.close()
