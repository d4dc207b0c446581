"""Soak test: 50,000 calls at concurrency 256 through gateway, cache and endpoint.

The server is that of the tests, in its own process, so that only promptwire is measured. A twentieth of the requests fail
temporarily and are retried. Memory is the anonymous memory of the process, without the mapped pages of the cache file, which
the system can reclaim. At the end the cache must hold one row for each request, with the right response. The event loop must
have no more tasks and the process no more sockets than before. Otherwise the exit code is 1.

    nice python bench/soak.py [--calls 50000] [--at-once 256]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from promptwire.backend import Request, Settings  # noqa: E402
from promptwire.backends.openai_compatible import OpenAICompatible  # noqa: E402
from promptwire.cache.disk import ResponseCache  # noqa: E402
from promptwire.cache.maintenance import CacheEntry, rows  # noqa: E402
from promptwire.gateway.budget import Budget  # noqa: E402 - the tests' server is found by the path above
from promptwire.gateway.gateway import Gateway  # noqa: E402
from promptwire.gateway.retry import RetryPolicy  # noqa: E402
from promptwire.gateway.trace import Trace  # noqa: E402
from promptwire.values import Message  # noqa: E402
from tests.openai_server import Fault, Server, throttled  # noqa: E402

FAULTS = 0.05
MARKS = 10


class Forgetful(list):  # type: ignore[type-arg]
    """A list that counts and drops its items, so that the server's memory does not grow."""

    count = 0

    def append(self, item: Any) -> None:
        self.count += 1

    def __len__(self) -> int:
        return self.count


def serve() -> None:
    """Run the server until standard input ends; print its address, then what was paid."""
    draws = random.Random(5)
    server = Server()
    server.requests, server.paths = Forgetful(), Forgetful()
    server.latency = 0.02
    server.reply = lambda body, number: body["messages"][-1]["content"][::-1]
    ways = (lambda: throttled(0.01), lambda: Fault("status", 503), lambda: Fault("reset"), lambda: Fault("truncated"))
    server.storm = lambda number, body: draws.choice(ways)() if draws.random() < FAULTS else None
    with server.beside():
        print(server.url, flush=True)
        sys.stdin.read()
        print(json.dumps({"requests": len(server.requests), "paid": server.paid, "peak": server.peak}), flush=True)


def memory() -> float:
    """Megabytes of anonymous memory of this process."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["RssAnon"].split()[0]) / 1024


def sockets() -> int:
    """Open sockets of this process."""
    links = [os.readlink(one) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    return sum(link.startswith("socket:") for link in links)


async def soak(url: str, folder: Path, calls: int, at_once: int) -> dict[str, Any]:
    """Make the calls and return the measurements."""
    cache, trace = ResponseCache(folder / "cache"), Trace(folder)
    gateway = Gateway(
        cache=cache, budget=Budget(), trace=trace, retry=RetryPolicy(tries=20, sleep=lambda s: asyncio.sleep(s / 100))
    )
    model = OpenAICompatible("m", url, parallel=at_once)
    todo, done, wrong, marks = iter(range(calls)), 0, 0, {0: memory()}
    worst, running = 0.0, True

    async def watch() -> None:
        """Measure the longest delay of the event loop."""
        nonlocal worst
        while running:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            worst = max(worst, time.monotonic() - before - 0.01)

    async def work() -> None:
        nonlocal done, wrong
        for number in todo:
            asked = f"question {number:06} " + "padding " * 20
            (answer,) = await gateway.ask(model, Request("generate", (Message(role="user", content=asked),), settings=COOL))
            wrong += answer.text != asked[::-1].strip() and answer.text != asked[::-1]
            done += 1
            if done % (calls // MARKS) == 0:
                marks[done] = memory()
                print(f"{done:7,} calls  {marks[done]:6.1f} MB  {len(asyncio.all_tasks())} tasks", file=sys.stderr, flush=True)

    tasks, open_sockets, began = len(asyncio.all_tasks()), sockets(), time.monotonic()
    watcher = asyncio.create_task(watch())
    await asyncio.gather(*(work() for _ in range(at_once)))
    seconds = time.monotonic() - began
    running = False
    await watcher
    usage = gateway.usage.total
    await gateway.close()
    left = {"tasks": len(asyncio.all_tasks()) - tasks, "sockets": sockets() - open_sockets}
    cache.close()
    trace.close()
    return {
        "seconds": round(seconds, 1), "marks": {at: round(size, 1) for at, size in marks.items()}, "wrong": wrong,
        "new": usage.new, "failed": usage.failed, "requests": usage.requests, "left": left, "worst": round(worst, 3),
    }  # fmt: skip


COOL = Settings(temperature=0.0)


def main() -> int:
    """Run the soak test and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=50_000)
    parser.add_argument("--at-once", type=int, default=256)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.serve:
        serve()
        return 0
    words = [sys.executable, __file__, "--serve"]
    with (
        tempfile.TemporaryDirectory() as made,
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        found = asyncio.run(soak(url, Path(made), told.calls, told.at_once))
        out, _ = server.communicate("")
        found["server"] = json.loads(out)
        keys = [row.key for row in rows(Path(made) / "cache") if isinstance(row, CacheEntry)]
    found["rows"], found["distinct"] = len(keys), len(set(keys))
    sizes = list(found["marks"].values())
    found["growth"] = round(sizes[-1] - sizes[2], 1)
    print(json.dumps(found, indent=1))
    whole = (told.calls,) * 3 == (found["rows"], found["distinct"], found["new"])
    clean = not (found["wrong"] or found["failed"] or any(found["left"].values()))
    return 0 if whole and clean and found["server"]["paid"] == told.calls else 1


if __name__ == "__main__":
    sys.exit(main())
