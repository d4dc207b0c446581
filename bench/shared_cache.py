"""Measure the processor time that the shared cache adds to a call: one that is paid for, and one that another machine paid for.

The backend replies after 20 ms, to 200 calls at once, so that calls end as they do with a real endpoint. With instant replies,
the line without a tier would write its whole cache in a few transactions. The last lines measure the tier alone: the look-up,
the lease and the publication of a call, with so many calls in an exchange. Lines are measured in turns, and the table shows
medians. redis-server runs on 127.0.0.1 in a process of its own, whose processor time is told apart.

    python bench/shared_cache.py [--calls 2000] [--turns 5]
"""

from __future__ import annotations

import argparse
import asyncio
import math
import secrets
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

from promptwire.backend import Completion, Request
from promptwire.cache.disk import ResponseCache
from promptwire.cache.record import CacheRecord, RequestMeta
from promptwire.gateway.budget import Budget
from promptwire.gateway.collector import fewer_collections
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.trace import Trace
from promptwire.shared.redis_server import RedisServer
from promptwire.shared.redis_tier import RedisTier


class Waiting(Instant):
    """A backend that replies after 20 ms."""

    parallel = 200

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        await asyncio.sleep(0.02)
        return await super().call(request, keys=keys)


BATCHES = (10, 64, 200)
"""Calls in one exchange with the server."""
ROW = CacheRecord(Completion("negative", tokens_in=200, tokens_out=1), RequestMeta("instant", "generate"), 1.0).write()
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
    gateway, one = Gateway(cache=cache, budget=Budget(), trace=Trace.null(), tier=tier), Waiting()
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


async def tier_alone(url: str, calls: int, batch: int) -> float:
    """Processor seconds of the tier alone, for `calls` that are looked up together and then leased and published in batches."""
    tier = RedisTier(RedisServer(url))
    await tier.fetch(["0" * 64])
    keys, loop = [secrets.token_hex(32) for _ in range(calls)], asyncio.get_running_loop()
    began = time.process_time()
    await tier.fetch(keys)
    for start in range(0, calls, batch):
        leases = [(key, loop.create_future()) for key in keys[start : start + batch]]
        for key, done in leases:
            tier.lease([key], {}, done)
        for key, done in leases:
            assert (await done)[key] == "granted"
            tier.publish(key, ROW)
    await tier.close()
    return time.process_time() - began


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
        for batch in BATCHES:
            with fewer_collections():
                spent = asyncio.run(tier_alone(url, calls, batch))
            if turn:
                found.setdefault(f"the tier alone, {batch} calls in an exchange", []).append((spent / calls * 1e6, math.nan))
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
    local = statistics.median(own for own, _ in found[LINES[0]])
    print("| | µs a call | more than locally | least | µs of redis-server |\n|---|---|---|---|---|")
    for name, costs in found.items():
        own, server = (statistics.median(part) for part in zip(*costs, strict=True))
        more = "" if math.isnan(server) else f"{own - local:+.0f}"
        print(f"| {name} | {own:.0f} | {more} | {min(costs)[0]:.0f} | {'' if math.isnan(server) else f'{server:.0f}'} |")


if __name__ == "__main__":
    main()
