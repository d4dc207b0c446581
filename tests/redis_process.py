"""A real redis-server on a free port of 127.0.0.1, for tests; it can be killed and started again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

__all__ = ["RedisProcess", "running_redis"]

_PATIENCE = 20.0


class RedisProcess:
    """One server in a folder of its own. `options` are words of its command line, such as `--appendonly yes`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = options
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the server, without a login."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers. It listens on the same port each time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        quiet = ["--save", "", "--loglevel", "warning", "--logfile", str(self.folder / "log")]
        self._process = subprocess.Popen(["redis-server", *place, *quiet, *self.options])
        end = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"redis-server did not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as `kill -9` does: nothing is saved."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def ask(self, *words: str) -> str:
        """Send one command and return the raw reply."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as link:
            link.sendall(f"*{len(words)}\r\n".encode() + b"".join(f"${len(w.encode())}\r\n{w}\r\n".encode() for w in words))
            return link.recv(1 << 20).decode()

    def _answers(self) -> bool:
        with suppress(OSError):
            # One that asks for a password answers too.
            return self.ask("PING").startswith(("+PONG", "-NOAUTH"))
        return False


@contextmanager
def running_redis(folder: Path, *options: str) -> Iterator[RedisProcess]:
    """A server that runs, killed at the end. Skips the test where redis-server is missing, but not in CI."""
    if shutil.which("redis-server") is None and os.environ.get("CI") != "true":
        pytest.skip("redis-server is not installed")
    server = RedisProcess(folder, *options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
