"""Door to Dask: a connection to a scheduler, and what a task of ours sees of its worker.

Only a reference to a function of ours, texts and small JSON values go to Dask. Dask itself sends them, and what comes back, in
its own way, which can run code: use only a scheduler that you trust, since what reaches it can run code on it.
"""

from __future__ import annotations

import logging
import os
import platform
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from multiprocessing import resource_tracker
from typing import Any, Final

from promptwire.errors import ClusterError, UsageError
from promptwire.security.secrets import redact
from promptwire.sweeps.where import Wanted

__all__ = ["Connection", "RunningTask", "connect", "require_dask", "running_task"]

_PATIENCE: Final = 10.0
"""Seconds until a scheduler that does not answer is an error."""
_RESULT: Final = 60.0
"""Seconds until a result that its worker does not send is given up."""


def require_dask() -> None:
    """Raise ClusterError when Dask is not installed. Imports nothing."""
    if find_spec("distributed") is None:
        raise ClusterError("Dask is not installed", where="--on", hint="pip install 'promptwire[dask]'")


def connect(where: Wanted | Any, cache_url: str = "") -> Connection:
    """Connect to a scheduler, or start workers on this machine. A client of Dask is used as it is.

    Workers that are started get the address of a shared cache, `cache_url`, in their environment.

    Raises ClusterError when Dask is not installed, or the scheduler can't be reached.
    """
    require_dask()
    from distributed import Client, LocalCluster  # noqa: PLC0415 - it takes a second to import

    if not isinstance(where, Wanted):
        if not isinstance(where, Client) or where.asynchronous:
            hint = "give one without asynchronous=True"
            raise UsageError("this is not a client of Dask that can be used here", where="--on", hint=hint)
        return Connection(where, str(where.scheduler.address) if where.scheduler else "a closed client", owned=False)
    for name in ("distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters becomes an error or a note of ours
    cluster, environment = None, ExitStack()
    try:
        with _without_interrupts():
            if where.workers:
                environment.enter_context(_variable("PROMPTWIRE_CACHE_URL", cache_url))  # other users could see an argument
                cluster = LocalCluster(
                    n_workers=where.workers,
                    threads_per_worker=1,
                    memory_limit=0,
                    dashboard_address=None,
                    scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                    silence_logs=logging.CRITICAL,
                )
            client = Client(cluster or where.address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        if cluster is not None:
            cluster.close()
        environment.close()
        why = redact(str(error).splitlines()[0] if str(error) else type(error).__name__)
        hint = "check the address, and that the scheduler runs: dask scheduler"
        raise ClusterError(f"the scheduler can't be reached: {why}"[:400], where=where.shown, hint=hint) from error
    return Connection(client, where.shown, cluster=cluster, environment=environment)


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    """Set a variable of the environment, which processes that start in the block inherit."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Block SIGINT in this thread. The threads and processes that Dask starts inherit that, so that Ctrl-C reaches only us."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its start by multiprocessing would unblock SIGINT in the thread that starts a worker
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@dataclass
class Connection:
    """A connection to a scheduler. All methods may block."""

    client: Any
    """Dask's client."""
    shown: str
    """Where it leads to, for people."""
    cluster: Any = None
    """The cluster that was started for it."""
    owned: bool = True
    """Whether `close` closes the client."""
    environment: ExitStack = field(default_factory=ExitStack)
    """What `close` sets back in the environment."""
    _topics: list[str] = field(default_factory=list)

    @property
    def lost(self) -> bool:
        """Whether the scheduler is gone. Dask gives all tasks up at that moment."""
        return bool(self.client.status != "running")

    def slots(self) -> int:
        """How many tasks run at once on all workers."""
        return sum(self.client.nthreads().values()) if not self.lost else 0

    def versions(self, packages: Sequence[str]) -> dict[str, dict[str, str | None]]:
        """Versions of Python and of these packages by place: `client`, `scheduler`, and the address of each worker."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = self.client.get_versions(packages=list(packages))
        told = {"scheduler": found["scheduler"], "client": found["client"], **found["workers"]}
        return {place: _packages(one, packages) for place, one in told.items()}

    def on_workers(self, function: Callable[..., Any], *args: Any) -> dict[str, Any]:
        """Call a function of ours on every worker; what it returned, by address. A worker that does not answer is left out."""
        found: dict[str, Any] = self.client.run(function, *args, on_error="ignore")
        return found

    def give_resources(self, resources: Mapping[str, float]) -> None:
        """Let the first worker of this machine offer `resources`, so that tasks that take them run one at a time."""
        first = min(self.client.nthreads())
        self.client.run(_offer, dict(resources), workers=[first])

    def submit(
        self,
        function: Callable[..., Any],
        *args: Any,
        key: str,
        resources: Mapping[str, float],
        done: Callable[[str, Any], object],
    ) -> Any:
        """Start a task. `done` is called in another thread with `result`, `error` or `lost`, and the value or the error."""
        future = self.client.submit(function, *args, key=key, pure=False, resources=dict(resources) or None)
        future.add_done_callback(lambda ended: done(*_outcome(ended)))
        return future

    def listen(self, topic: str, heard: Callable[[Any], object]) -> None:
        """Call `heard` in another thread with each message of tasks about `topic`."""
        self.client.subscribe_topic(topic, lambda event: heard(event[1]))
        self._topics.append(topic)

    def cancel(self, tasks: Sequence[Any]) -> None:
        """Stop tasks, whether they run or wait."""
        with suppress(Exception):  # the scheduler may be gone
            self.client.cancel(list(tasks), force=True)

    def close(self) -> None:
        """Disconnect, and end the workers that were started for it."""
        with suppress(Exception):  # the scheduler may be gone
            for topic in self._topics:
                self.client.unsubscribe_topic(topic)
        if self.owned:
            with suppress(Exception):
                self.client.close(timeout=_PATIENCE)
        if self.cluster is not None:
            with suppress(Exception):
                self.cluster.close(timeout=_PATIENCE)
        self.environment.close()


def _packages(told: Mapping[str, Any], packages: Sequence[str]) -> dict[str, str | None]:
    python = ".".join(str(told["host"]["python"]).split(".")[:2])
    found = told["packages"]
    return {"Python": python, "distributed": found["distributed"], **{name: found.get(name) for name in packages}}


def _outcome(future: Any) -> tuple[str, Any]:
    """How a task ended, and its value or its error in words."""
    if future.status == "finished":
        try:
            return "result", future.result(timeout=_RESULT)
        except Exception as error:  # its worker died with the result
            return "lost", f"{type(error).__name__}: {error}"
    if future.status == "error":
        why = future.exception()
        last = getattr(why, "last_worker", None)
        if last is not None:
            tries = getattr(why, "allowed_failures", 0) + 1
            return "error", f"its worker died {tries} times, so it was given up; the last one was {last.address}"
        return "error", redact(f"{type(why).__name__}: {why}")
    return "lost", "the task was cancelled"


@dataclass(frozen=True, slots=True)
class RunningTask:
    """The task that runs in this thread of a worker."""

    worker: Any
    """Dask's worker."""
    key: str
    """Dask's name of the task."""

    @property
    def where(self) -> str:
        """Name of the worker."""
        return f"{self.worker.name}@{platform.node()}" if isinstance(self.worker.name, int) else str(self.worker.name)

    @property
    def wanted(self) -> bool:
        """Whether its result is still wanted: it is not after it was cancelled, or when its client is gone."""
        task = self.worker.state.tasks.get(self.key)
        return task is not None and task.state not in ("cancelled", "released")

    def tell(self, topic: str, message: Mapping[str, Any]) -> None:
        """Send a small JSON value to the client that listens to `topic`."""
        self.worker.log_event(topic, dict(message))


def running_task() -> RunningTask:
    """The task that runs in this thread. It is called by a task of ours on a worker."""
    from distributed import get_worker  # noqa: PLC0415 - as above

    worker = get_worker()
    return RunningTask(worker, str(worker.get_current_task()))


async def _offer(resources: dict[str, float], dask_worker: Any) -> None:
    """Let a worker offer `resources`. Dask calls it on the worker."""
    await dask_worker.set_resources(**resources)
