"""Measure where the processor time of a new call goes: client, gateway, trace, cache, and all around a scored row.

Each line does the work of the lines that it names, with the rest left out, for the same number of calls. Lines are measured in
turns, and the table shows medians. Compare ratios to bare aiohttp: absolute times depend on the machine and what else it does.
The server is that of bench/peers, in another process, and replies at once.

    python bench/call_parts.py [--calls 1000] [--turns 5] [--at-once 32] [--uvloop]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
from calls import TEXT, at_most, plain
from peers.measure import running_server

from promptwire.api import run_async
from promptwire.backend import Backend, Completion, Request, Settings
from promptwire.backends.openai_compatible import OpenAICompatible
from promptwire.cache.disk import ResponseCache
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.trace import Trace
from promptwire.options import Options
from promptwire.values import Message

Work = Callable[[Path, Sequence[str]], Coroutine[Any, Any, None]]
"""Makes a call for each text; the folder is empty."""
PROMPTS = 20
PIPELINE = """promptwire: 1
name: rows
doc: Scores all prompts on all examples.
inputs: {seed: Prompts, train: Examples}
nodes:
  scores: {use: evaluate, prompts: $seed, on: $train}
  best: {use: beam-select, scores: $scores, keep: 1}
outputs: {prompt: $best}
"""


class Instant:
    """A backend that replies in the next turn of the event loop."""

    name = identity = "instant"
    parallel = 32
    batches = True

    def supports(self, kind: str, *, chat: bool) -> str:
        return ""

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        await asyncio.sleep(0)
        return [Completion("negative", tokens_in=200, tokens_out=1) for _ in keys]


def request(text: str) -> Request:
    """The request for one text."""
    return Request("generate", messages=(Message(role="user", content=text),), settings=SETTINGS)


SETTINGS = Settings(temperature=0.0)


def bare(base: str, limit: int) -> Work:
    """Bare aiohttp."""

    async def work(folder: Path, texts: Sequence[str]) -> None:
        async with aiohttp.ClientSession() as session:
            await plain(base, session, limit)(list(texts))

    return work


def client(base: str, limit: int) -> Work:
    """The backend alone."""

    async def work(folder: Path, texts: Sequence[str]) -> None:
        backend = OpenAICompatible("m", base, key="k", parallel=limit)
        await backend.open()
        await at_most(limit, lambda text: backend.call(request(text), keys=["ab" * 32]), list(texts))
        await backend.close()

    return work


def gateway(backend: Callable[[], Backend], *, trace: bool, cache: bool) -> Work:
    """A gateway over `backend`, with or without a trace and a cache on disk."""

    async def work(folder: Path, texts: Sequence[str]) -> None:
        stored = ResponseCache(folder / "cache") if cache else None
        traced = Trace(folder / "run") if trace else Trace.null()
        one, asked = backend(), Gateway(cache=stored, budget=Budget(), trace=traced)
        await asyncio.gather(*(asked.ask(one, request(text), node="bench", role="task") for text in texts))
        await asked.close()
        traced.close()
        if stored is not None:
            stored.close()

    return work


def whole(backend: Callable[[], Backend]) -> Work:
    """A run that scores 20 prompts: YAML, task, rendering, metric, report."""

    async def work(folder: Path, texts: Sequence[str]) -> None:
        os.environ |= {"PROMPTWIRE_CACHE": str(folder / "cache"), "PROMPTWIRE_RUNS": str(folder / "runs")}
        examples = [json.dumps({"input": text, "output": "negative"}) for text in texts[: len(texts) // PROMPTS]]
        (folder / "train.jsonl").write_text("\n".join(examples))
        (folder / "test.jsonl").write_text('{"input": "good", "output": "positive"}\n')
        prompts = [f"Say whether the review is positive or negative, way {number}." for number in range(PROMPTS)]
        task = {"promptwire": 1, "task": "rows", "doc": "Reviews.", "prompt": prompts, "template": "task/chat.j2"}
        task |= {"data": {"train": "train.jsonl", "test": "test.jsonl"}, "metric": "exact"}
        (folder / "task.yaml").write_text(json.dumps(task))
        (folder / "rows.yaml").write_text(PIPELINE)
        one = backend()
        models = {"task": one, "meta": one, "judge": one}
        await run_async(str(folder / "rows.yaml"), str(folder / "task.yaml"), Options(), models=models)

    return work


def spent(work: Work, texts: Sequence[str]) -> float:
    """Milliseconds of this process's processor time a call."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        asyncio.run(work(Path(folder), texts))
        return (time.process_time() - began) / len(texts) * 1000


def measure(base: str, calls: int, turns: int, limit: int) -> dict[str, list[float]]:
    """The milliseconds of each line in each turn; the first turn is a warm-up and is dropped."""

    def real() -> Backend:
        return OpenAICompatible("m", base, key="k", parallel=limit)

    lines = {
        "bare aiohttp": bare(base, limit),
        "1 client of OpenAI-compatible addresses": client(base, limit),
        "2 gateway, instant replies, no trace, no cache": gateway(Instant, trace=False, cache=False),
        "3 line 2 with a trace": gateway(Instant, trace=True, cache=False),
        "4 line 3 with a cache": gateway(Instant, trace=True, cache=True),
        "5 lines 1 and 4: a whole call": gateway(real, trace=True, cache=True),
        "6 a scored row of a run, all included": whole(real),
    }
    numbers, found = count(), dict[str, list[float]]()
    for turn in range(turns + 1):
        for name, work in lines.items():
            cost = spent(work, [f"{next(numbers)} {TEXT}" for _ in range(calls)])
            if turn:
                found.setdefault(name, []).append(cost)
    return found


def main() -> None:
    """Start the server, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--calls", type=int, default=1000, help="calls of a line in each turn")
    parser.add_argument("--turns", type=int, default=5, help="turns")
    parser.add_argument("--at-once", type=int, default=32, help="requests in flight")
    parser.add_argument("--uvloop", action="store_true", help="on the event loop of uvloop")
    options = parser.parse_args()
    if options.uvloop:
        import uvloop  # noqa: PLC0415 - optional

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    with running_server() as address:
        found = measure(f"{address}/v1", options.calls, options.turns, options.at_once)
    floor = statistics.median(found["bare aiohttp"])
    print("| | ms a call | × aiohttp |\n|---|---|---|")
    for name, costs in found.items():
        print(f"| {name} | {statistics.median(costs):.2f} | {statistics.median(costs) / floor:.2f} |")


if __name__ == "__main__":
    main()
