"""The parts of a small cluster on this machine, each a process of its own: scheduler, workers, redis-server, model server.

Every part listens on a free port of 127.0.0.1, keeps its files in a folder, can be killed with SIGKILL, and ends with the
`with` block, together with the processes that it started. Tests and bench/cluster.py share this.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["MISSING", "ModelServer", "Parts", "Redis", "Scheduler"]

ROOT = Path(__file__).parent.parent
_NEEDED = (
    ("redis-server", shutil.which("redis-server")),
    ("the Python package redis", find_spec("redis")),
    ("the Python package distributed", find_spec("distributed")),
)
MISSING = ", ".join(name for name, found in _NEEDED if not found)
"""What this machine lacks for a cluster; empty when it has all."""
_PATIENCE = 60.0
"""Seconds until a part that does not start is an error."""
_SESSION, _TIMES = 3, slice(11, 15)
"""Fields of /proc/PID/stat after the name: the session, and the times of the process and of its children that have ended."""


@dataclass
class Process:
    """One started process, the first of a session of its own, so that its children end with it."""

    popen: subprocess.Popen[str]

    def kill(self) -> None:
        """End it and its children with SIGKILL, as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        if self.popen.stdout is not None:
            self.popen.stdout.close()

    @property
    def cpu(self) -> float:
        """Processor seconds that it and its children have used."""
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
                if int(fields[_SESSION]) == self.popen.pid:
                    ticks += sum(map(int, fields[_TIMES]))
        return ticks / os.sysconf("SC_CLK_TCK")


@dataclass
class ModelServer(Process):
    """The planted model behind HTTP; see bench/cluster_server.py."""

    url: str = ""
    """Address for `--api-base`."""

    def set(self, **settings: Any) -> None:
        """Behave by these settings of bench/peers/admission.py from now on; the number of requests begins again."""
        _fetch(self.url.replace("/v1", "/settings"), json.dumps(settings).encode())

    def questions(self) -> dict[str, int]:
        """How often each question was answered, by a hash of its content."""
        found: dict[str, int] = _fetch(self.url.replace("/v1", "/questions"))
        return found

    def forget(self) -> None:
        """Count the questions anew."""
        _fetch(self.url.replace("/v1", "/forget"))


@dataclass
class Redis(Process):
    """A redis-server with its data in `folder`."""

    port: int = 0
    folder: Path = Path()
    url: str = ""


@dataclass
class Scheduler(Process):
    """A Dask scheduler."""

    file: Path = Path()
    """The scheduler file, which `--on` takes."""

    @property
    def address(self) -> str:
        """Its address, such as tcp://127.0.0.1:40001."""
        return str(json.loads(self.file.read_text(encoding="utf-8"))["address"])


@dataclass
class Parts:
    """Starts parts, and ends those that still run."""

    folder: Path
    """Where the parts keep their files."""
    started: list[Process] = field(default_factory=list)

    def __enter__(self) -> Parts:
        return self

    def __exit__(self, *error: object) -> None:
        for process in reversed(self.started):
            process.kill()

    def model_server(self, module: str = "bench.cluster_server") -> ModelServer:
        """Start the fake model server of `module`, whose first line is its port."""
        popen = self._start([sys.executable, "-m", module], "model", pipe=True)
        server = ModelServer(popen)
        self.started.append(server)
        assert popen.stdout is not None
        assert select.select([popen.stdout], [], [], _PATIENCE)[0], "the model server did not start"
        server.url = f"http://127.0.0.1:{int(popen.stdout.readline())}/v1"
        return server

    def redis(self, *options: str, port: int = 0) -> Redis:
        """Start redis-server with an append-only file; with the `port` of one that was killed it has its data."""
        port = port or free_port()
        folder = self.folder / f"redis-{port}"
        folder.mkdir(parents=True, exist_ok=True)
        told = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--appendonly", "yes"]
        server = Redis(
            self._start(["redis-server", *told, *options], f"redis-{port}"), port, folder, f"redis://127.0.0.1:{port}"
        )
        self.started.append(server)
        self._until(lambda: _answers(port), "redis-server")
        return server

    def scheduler(self, port: int = 0) -> Scheduler:
        """Start `dask scheduler`."""
        file = self.folder / f"scheduler-{len(self.started)}.json"
        command = [sys.executable, "-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        made = Scheduler(self._start([*command, "--scheduler-file", str(file)], file.stem), file)
        self.started.append(made)
        self._until(lambda: file.is_file() and file.stat().st_size > 0, "the scheduler")
        return made

    def worker(self, scheduler: Scheduler, name: str, *, env: Mapping[str, str] | None = None, resources: str = "") -> Process:
        """Start `dask worker` without a nanny, with a cache folder of its own, which is `folder / name / "cache"`."""
        home = self.folder / name
        home.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "dask", "worker", "--scheduler-file", str(scheduler.file), "--name", name]
        command += ["--no-nanny", "--no-dashboard", "--nthreads", "1", "--memory-limit", "0", "--local-directory", str(home)]
        command += ["--death-timeout", "30", *(["--resources", resources] if resources else [])]
        own = {"PROMPTWIRE_CACHE": str(home / "cache"), "PROMPTWIRE_RUNS": str(home / "runs"), **(env or {})}
        made = Process(self._start(command, name, env=own))
        self.started.append(made)
        return made

    def workers(
        self, scheduler: Scheduler, names: Sequence[str], *, env: Mapping[str, str] | None = None, resources: Sequence[str] = ()
    ) -> list[Process]:
        """Start workers, at once, and wait until the scheduler, which had none, knows them all."""
        from distributed import Client  # noqa: PLC0415 - other parts need no Dask, and it takes a second to import

        offered = resources or [""] * len(names)
        made = [self.worker(scheduler, name, env=env, resources=one) for name, one in zip(names, offered, strict=True)]
        with Client(scheduler_file=str(scheduler.file), set_as_default=False) as client:
            client.wait_for_workers(len(names), timeout=_PATIENCE)
        return made

    def _start(
        self, command: list[str], name: str, *, pipe: bool = False, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """A process in a session of its own; what it says goes into a log in the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}.log").open("a", encoding="utf-8") as log:
            return subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **(env or {})},
                stdout=subprocess.PIPE if pipe else log,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def _until(self, ready: Any, what: str) -> None:
        end = time.monotonic() + _PATIENCE
        while not ready():
            if time.monotonic() > end or self.started[-1].popen.poll() is not None:
                raise RuntimeError(f"{what} did not start; its log is in {self.folder}")
            time.sleep(0.05)


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    """Whether a redis-server answers there, and has loaded its data."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as door:
            door.sendall(b"PING\r\n")
            return door.recv(64).startswith(b"+PONG")
    except OSError:
        return False


def _fetch(url: str, data: bytes | None = None) -> Any:
    with urllib.request.urlopen(url, data, timeout=30) as reply:  # noqa: S310 - always http://127.0.0.1
        return json.load(reply)
