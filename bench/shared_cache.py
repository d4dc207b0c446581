"""Measure the processor time that the shared cache adds to a call: one that is paid for, and one that another machine paid for.

The backend replies in the next turn of the event loop, so that only the gateway, the cache on disk and the tier work. Lines are
measured in turns, and the table shows medians. redis-server runs on 127.0.0.1 in a process of its own, whose processor time is
told apart.

    python bench/shared_cache.py [--calls 2000] [--turns 5]
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from call_parts import Instant, request
from calls import TEXT

from promptwire.cache.disk import ResponseCache
from promptwire.gateway.budget import Budget
from promptwire.gateway.collector import fewer_collections
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.trace import Trace
from promptwire.shared.redis_server import RedisServer
from promptwire.shared.redis_tier import RedisTier

LINES = ("local cache only", "1 paid for, with the tier", "2 paid for by another machine, with the tier")


@contextmanager
def running_redis() -> Iterator[str]:
    """A redis-server on a free port; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        words = ["--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--loglevel", "warning"]
        server = subprocess.Popen(["redis-server", *words])
        try:
            for _ in range(500):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.02)
            yield f"redis://127.0.0.1:{port}"
        finally:
            server.kill()
            server.wait()


async def ask(folder: Path, url: str, texts: Sequence[str]) -> tuple[float, int]:
    """Processor seconds that the calls for `texts` take, made as a scoring makes them, and how many were paid for."""
    cache = ResponseCache(folder)
    tier = RedisTier(RedisServer(url)) if url else None
    if tier is not None:
        await tier.fetch(["0" * 64])  # connects
    began = time.process_time()
    gateway, one = Gateway(cache=cache, budget=Budget(), trace=Trace.null(), tier=tier), Instant()
    requests = [request(text) for text in texts]
    recalled = gateway.recall(one, requests, node="bench", role="task")
    if gateway.shared is not None and await gateway.shared.prefetch([found.asked.key(0) for found in recalled if found.asked]):
        recalled = gateway.recall(one, requests, node="bench", role="task")
    rest = [(asked, found) for asked, found in zip(requests, recalled, strict=True) if found.completions is None]
    await asyncio.gather(*(gateway.ask(one, asked, node="bench", role="task", asked=found.asked) for asked, found in rest))
    await gateway.close()
    if tier is not None:
        await tier.close()
    cache.close()
    assert gateway.usage.total.wanted == len(texts)
    return time.process_time() - began, gateway.usage.total.new


async def served(url: str) -> float:
    """Processor seconds of the server so far."""
    server = RedisServer(url)
    (told,) = await server.send([("INFO", "cpu")]) or [b""]
    await server.close()
    return sum(
        float(line.partition(":")[2])
        for line in told.decode().splitlines()
        if line.startswith("used_cpu_") and "children" not in line and "thread" not in line
    )


def measure(url: str, calls: int, turns: int) -> dict[str, list[tuple[float, float]]]:
    """Microseconds a call of this process and of the server, of each line in each turn. The first turn is dropped."""
    numbers, found = count(), dict[str, list[tuple[float, float]]]()
    for turn in range(turns + 1):
        shared = [f"{next(numbers)} {TEXT}" for _ in range(calls)]
        alone = [f"{next(numbers)} {TEXT}" for _ in range(calls)]
        for name, texts, paid in zip(LINES, (alone, shared, shared), (calls, calls, 0), strict=True):
            with tempfile.TemporaryDirectory() as folder, fewer_collections():  # as in a run
                before = asyncio.run(served(url))
                spent, new = asyncio.run(ask(Path(folder), "" if name == LINES[0] else url, texts))
                of_server = asyncio.run(served(url)) - before
            assert new == paid, f"{name}: {new} calls were paid for"
            if turn:
                found.setdefault(name, []).append((spent / calls * 1e6, of_server / calls * 1e6))
    return found


def main() -> None:
    """Start the server, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--calls", type=int, default=2000, help="calls of a line in each turn")
    parser.add_argument("--turns", type=int, default=5, help="turns")
    options = parser.parse_args()
    if shutil.which("redis-server") is None:
        raise SystemExit("redis-server is not installed")
    with running_redis() as url:
        found = measure(url, options.calls, options.turns)
    alone = statistics.median(own for own, _ in found[LINES[0]])
    print("| | µs a call | more than line 0 | least | µs of redis-server |\n|---|---|---|---|---|")
    for name, costs in found.items():
        own, server = (statistics.median(part) for part in zip(*costs, strict=True))
        print(f"| {name} | {own:.0f} | {own - alone:+.0f} | {min(costs)[0]:.0f} | {server:.0f} |")


if __name__ == "__main__":
    main()
