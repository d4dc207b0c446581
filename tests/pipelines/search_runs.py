"""Run whole pipelines with scripted models; count requests, waves of calls, and step outputs."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from busy_replies import kind_of, numbers, well_formed

from promptwire.backend import Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.cache.disk import ResponseCache
from promptwire.errors import PromptwireError
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.retry import RetryPolicy
from promptwire.gateway.trace import Trace
from promptwire.language.check import load_graph
from promptwire.limits import Limits
from promptwire.running.preflight import bind, inspect
from promptwire.running.scheduler import run_graph
from promptwire.running.session import Session
from promptwire.tasks.task import Task
from promptwire.values import Prompt, Prompts
from promptwire.values.hashing import stream

__all__ = ["Outcome", "Waves", "kind_of", "mixed", "model", "numbers", "refused", "search", "well_formed"]

Reply = Callable[[Request, str], str]


@dataclass
class Outcome:
    """The result of a run."""

    outputs: Mapping[str, Any]
    session: Session
    values: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def prompt(self) -> Prompt:
        """The best prompt."""
        found = self.outputs["prompt"]
        prompt: Prompt = found.items[0] if isinstance(found, Prompts) else found
        return prompt

    def counted(self, path: str) -> tuple[int, int]:
        """Requests and completions of the step at `path`, over all rounds."""
        count = self.session.gateway.usage.of(path)
        return count.requests, count.new

    @property
    def calls(self) -> int:
        """All completions."""
        return self.session.gateway.usage.total.new

    def gave(self, path: str, round: str) -> Any:
        """What the step at `path` gave in `round`, as JSON, by port."""
        (found,) = [row["outputs"] for row in self.values if row["path"] == path and row["round"] == round]
        return found


class _Keeper(Trace):
    def __init__(self, folder: Path | None, kept: list[Mapping[str, Any]]) -> None:
        super().__init__(folder)
        self._kept = kept

    def value(self, outputs: Callable[[], str], **facts: Any) -> None:
        self._kept.append({**facts, "outputs": json.loads(outputs())})
        super().value(outputs, **facts)


def mixed(request: Request, key: str) -> str:
    """Replies of all sorts: good ones, the same again, unreadable ones; every third answer right."""
    rng = stream(0, key, str(request))
    if kind_of(request) == "task":
        text = request.messages[-1].content if request.messages else request.prompt
        return text.rpartition("number ")[2].split()[0].join(("answer ", "")) if rng.random() < 0.3 else "wrong"
    roll = rng.random()
    return "" if roll < 0.15 else well_formed(request, str(rng.randrange(3)) if roll < 0.6 else key)


def model(reply: Reply = well_formed, **options: Any) -> ScriptedBackend:
    """A scripted model with room for every call at once."""
    return ScriptedBackend(reply, **{"parallel": 100_000, "batches": True, **options})


async def search(
    pipeline: str | Path,
    model: ScriptedBackend,
    task: Task,
    *,
    seed: int = 0,
    params: Mapping[str, Any] | None = None,
    sets: Mapping[str, Any] | None = None,
    types: Any = None,
    limits: Limits | None = None,
    folder: Path | None = None,
) -> Outcome:
    """Run `pipeline` with `model` in every role, without the report's own calls; with a `folder`, with cache and record."""
    graph = load_graph(pipeline, params=params, patches=sets, types=types)
    loaded = task.with_dev() if "dev" in graph.inputs else task
    values: list[Mapping[str, Any]] = []
    cache = ResponseCache(folder / "cache") if folder else None
    trace = _Keeper(folder / "run" if folder else None, values)
    gateway = Gateway(cache=cache, budget=Budget(limits), trace=trace, retry=RetryPolicy(tries=1))
    session = Session(loaded, {"task": model, "meta": model, "judge": model}, gateway, trace, seed)
    try:
        inspect(graph, session)
        return Outcome(await run_graph(graph, bind(graph, loaded), session), session, values)
    finally:
        await gateway.close()
        trace.close()
        if cache is not None:
            cache.close()


class Waves:
    """Answers only when no further call can be sent: shows dependencies between calls without a clock."""

    def __init__(self) -> None:
        self.waves: list[Counter[str]] = []
        self._gate: asyncio.Event | None = None
        self._last = ""
        self._tasks: list[asyncio.Task[None]] = []

    def model(self) -> ScriptedBackend:
        """A well-formed model whose calls come in waves."""
        return model(latency=self._note, sleep=self._wait)

    def _note(self, request: Request) -> float:
        self._last = kind_of(request)
        return 1.0

    async def _wait(self, seconds: float) -> None:
        if self._gate is None:
            self._gate = asyncio.Event()
            self.waves.append(Counter())
            self._tasks.append(asyncio.create_task(self._release(self._gate, self.waves[-1])))
        self.waves[-1][self._last] += 1
        await self._gate.wait()

    async def _release(self, gate: asyncio.Event, wave: Counter[str]) -> None:
        known = -1
        while known != wave.total():
            known = wave.total()
            for _ in range(50):
                await asyncio.sleep(0)
        self._gate = None
        gate.set()


async def refused(pipeline: str | Path, model: ScriptedBackend, task: Task, **options: Any) -> str:
    """The error of a run that must fail before the first call."""
    try:
        await search(pipeline, model, task, **options)
    except PromptwireError as error:
        assert not model.requests
        return f"{type(error).__name__}: {error}"
    raise AssertionError("it was not refused")
