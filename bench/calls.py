"""Measure the CPU time of one call: promptwire, new and cached, beside aiohttp and litellm.

Absolute times depend on the machine, so compare by the last column: the ratio to the same request by aiohttp. All clients send
to the server of bench/peers in another process, in turns, and the table shows the median of the turns. The server answers at
once, so that only the client's own work is measured. That work limits a run at high concurrency.

    python bench/calls.py [--calls 300] [--turns 5] [--at-once 32]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

import aiohttp
from peers.measure import running_server

from promptwire.backend import Request, Settings
from promptwire.backends.openai_compatible import OpenAICompatible
from promptwire.cache.disk import ResponseCache
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.trace import Trace
from promptwire.values import Message

Turn = Callable[[list[str]], Awaitable[None]]
"""Asks all questions, at most `at_once` at a time."""

TEXT = "Is the sentiment of this review positive or negative? " + "A film that you forget while you watch it. " * 20


async def at_most(limit: int, ask: Callable[[str], Awaitable[object]], texts: list[str]) -> None:
    """Ask all, `limit` at a time."""
    slots = asyncio.Semaphore(limit)

    async def one(text: str) -> None:
        async with slots:
            await ask(text)

    await asyncio.gather(*(one(text) for text in texts))


def plain(base: str, session: aiohttp.ClientSession, limit: int) -> Turn:
    """Plain aiohttp: the least work of any client."""

    async def ask(text: str) -> object:
        body = {"model": "m", "messages": [{"role": "user", "content": text}], "temperature": 0}
        async with session.post(f"{base}/chat/completions", json=body) as response:
            return (await response.json())["choices"][0]["message"]["content"]

    return lambda texts: at_most(limit, ask, texts)


def ours(base: str, cache: ResponseCache, limit: int) -> Turn:
    """promptwire, all of a call: key, cache, budget, concurrency limit, request, usage, storing."""

    async def turn(texts: list[str]) -> None:
        gateway = Gateway(cache=cache, budget=Budget(), trace=Trace.null())
        backend = OpenAICompatible("m", base, key="k", parallel=limit)
        settings = Settings(temperature=0.0)

        async def ask(text: str) -> object:
            request = Request("generate", messages=(Message(role="user", content=text),), settings=settings)
            return await gateway.ask(backend, request, node="bench")

        await asyncio.gather(*(ask(text) for text in texts))
        await gateway.close()
        await backend.close()

    return turn


def theirs(base: str, limit: int) -> Turn:
    """litellm with its defaults, without retries."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm  # noqa: PLC0415 - three seconds, and not before the variable is set

    async def ask(text: str) -> object:
        messages = [{"role": "user", "content": text}]
        return await litellm.acompletion("openai/m", messages, api_base=base, api_key="k", temperature=0, max_retries=0)

    return lambda texts: at_most(limit, ask, texts)


async def measure(base: str, calls: int, turns: int, limit: int) -> dict[str, list[float]]:
    """Milliseconds of CPU time a call, by client and turn; the first turn is a warm-up and is dropped."""
    number = count()
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        cache = ResponseCache(Path(folder))
        async with aiohttp.ClientSession() as session:
            fresh = {"aiohttp": plain(base, session, limit), "promptwire, new": ours(base, cache, limit)}
            fresh["litellm"] = theirs(base, limit)
            for _ in range(turns + 1):
                for name, turn in fresh.items():
                    texts = [f"{next(number)} {TEXT}" for _ in range(calls)]
                    found.setdefault(name, []).append(await cost(turn, texts))
                    if name == "promptwire, new":
                        found.setdefault("promptwire, replayed", []).append(await cost(turn, texts))
        cache.close()
    return {name: costs[1:] for name, costs in found.items()}


async def cost(turn: Turn, texts: list[str]) -> float:
    """Milliseconds of this process's CPU time for each of `texts`."""
    start = time.process_time()
    await turn(texts)
    return (time.process_time() - start) / len(texts) * 1000


def main() -> None:
    """Start the server, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--calls", type=int, default=300, help="calls a turn")
    parser.add_argument("--turns", type=int, default=5, help="turns of each client")
    parser.add_argument("--at-once", type=int, default=32, help="requests in flight")
    options = parser.parse_args()
    with running_server() as address:
        found = asyncio.run(measure(f"{address}/v1", options.calls, options.turns, options.at_once))
    floor = statistics.median(found["aiohttp"])
    print("| client | ms a call | times aiohttp |\n|---|---|---|")
    for name, costs in found.items():
        middle = statistics.median(costs)
        print(f"| {name} | {middle:.2f} | {middle / floor:.1f} |")


if __name__ == "__main__":
    main()
