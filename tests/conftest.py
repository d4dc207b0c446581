"""What every test stands on: no network beyond this machine, and folders of its own."""

from __future__ import annotations

import gc
import socket
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import typer.testing

from tests.forked_commands import ForkedCommands, forked_commands
from tests.redis_process import RedisProcess, running_redis

_NUMBERS = count()
"""Of the folders of tests that take none."""
_LOCAL = ("127.0.0.1", "127.1", "::1", "localhost", "localhost.")


# As `promptwire` does: imports and collected tests free nothing, so that looking for garbage among them is time lost.
gc.set_threshold(20_000, 50, 50)
# Typer makes all commands anew at each invocation, which takes longer than most of what tests invoke.
typer.testing._get_command = cache(typer.testing._get_command)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run long tests first: one that is begun last leaves the other processors with nothing to do."""
    items.sort(key=_seconds, reverse=True)


def _seconds(item: pytest.Item) -> float:
    """How long a test takes, by its mark `heavy(seconds=...)`."""
    return max((float(mark.kwargs.get("seconds", 0)) for mark in item.iter_markers("heavy")), default=0.0)


def pytest_collection_finish() -> None:
    """Keep the thousands of collected tests, which stay to the end, out of each later search for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection or look-up that would leave this machine fails the test that makes it."""
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(host: Any) -> None:
        if host is not None and host not in _LOCAL:
            pytest.fail(f"a test reached for the network: {host!r}")

    def guarded(call: Any) -> Any:
        def one(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                check(address[0])
            return call(self, address)

        return one

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        check(host.decode() if isinstance(host, bytes) else host)
        return resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded(connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.fixture(autouse=True)
def own_folders(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Cache and runs of a test in its own folder, and no key or address of the person who runs the tests.

    The folder is that of `tmp_path` where a test takes it. To make one for each of 13,000 tests, of which half write no file, takes
    longer than those tests.
    """
    if "tmp_path" in request.fixturenames:
        folder = request.getfixturevalue("tmp_path")
    else:
        folder = tmp_path_factory.getbasetemp() / f"own-{next(_NUMBERS)}"
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(folder / "cache"))
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(folder / "runs"))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "PROMPTWIRE_CACHE_URL"):
        monkeypatch.delenv(name, raising=False)
    yield


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisProcess]:
    """A real redis-server on a free port."""
    with running_redis(tmp_path / "redis") as server:
        yield server


@pytest.fixture(scope="session")
def forked() -> Iterator[ForkedCommands]:
    """Runs commands of `promptwire` in processes of their own that start at once."""
    with forked_commands() as commands:
        yield commands
