"""Scoring from the cache: the same scores and counts, in few statements, and without a task for each row."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.cache.disk import ResponseCache
from promptwire.errors import CacheError
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.trace import Trace
from promptwire.graph.steps import ModelCallSpec
from promptwire.running import scoring
from promptwire.running.scoring import Scorer
from promptwire.running.session import Session
from promptwire.tasks.task import Task
from promptwire.values import Example, Examples, Prompt, Prompts, Scores
from tests.engine.sample_session import task

EXAMPLES = Examples.of(Example(input=f"x{number}", outputs=(f"x{number}",)) for number in range(10))
PROMPTS = Prompts.of(Prompt(text=f"prompt {number}") for number in range(12))

Open = Callable[..., Session]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Open sessions over one cache; the trace of each has a folder of its own."""
    cache = ResponseCache(tmp_path / "cache")
    made: list[Session] = []

    def make(model: ScriptedBackend, given: Task | None = None, **more: Any) -> Session:
        trace = Trace(tmp_path / f"run{len(made)}")
        gateway = Gateway(cache=cache, budget=Budget(), trace=trace, **more)
        roles: Any = {"task": model, "prompt": model, "meta": model, "judge": model}
        made.append(Session(given or task(), roles, gateway, trace))
        return made[-1]

    yield make
    for session in made:
        session.trace.close()
    cache.close()


def echo(request: Request, key: str) -> Completion:
    said = request.messages[-1].content.rsplit("Input: ", 1)[1].partition("\n")[0]
    return Completion(said if "prompt 1" in request.messages[-1].content else "no", tokens_in=3, tokens_out=1, usd=0.5)


async def scored(session: Session, prompts: Prompts = PROMPTS, examples: Examples = EXAMPLES, **asking: Any) -> Scores:
    scores = await Scorer(session, "here", ModelCallSpec(role="task", **asking), {}).score(prompts, examples, False)
    await session.gateway.drain()
    return scores


def calls(folder: Path) -> list[dict[str, Any]]:
    """The calls in the trace, by key, without their place and time."""
    found = [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]
    told = [{name: value for name, value in one.items() if name not in ("n", "t", "new")} for one in found]
    return sorted(told, key=lambda one: one["key"])


async def test_cached_rows_equal_new_ones_and_no_call_is_made(opened: Open, tmp_path: Path) -> None:
    first, second = opened(ScriptedBackend(echo)), opened(ScriptedBackend(echo))
    new, cached = await scored(first), await scored(second)
    assert cached == new
    assert second.models["task"].completions == 0  # type: ignore[attr-defined]
    count = second.gateway.usage.of("here")
    assert (count.wanted, count.cached, count.new, count.requests) == (120, 120, 0, 0)
    assert second.gateway.usage.roles["task"] == 120
    assert calls(tmp_path / "run1") == calls(tmp_path / "run0")


async def test_cached_rows_take_few_statements_and_no_tasks(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    await scored(opened(ScriptedBackend(echo)))
    monkeypatch.setattr(scoring, "_LOOKED_UP", 100)
    session = opened(ScriptedBackend(echo))
    looked_up: list[int] = []
    one_by_one: list[str] = []
    find, get = ResponseCache.find, ResponseCache.get
    monkeypatch.setattr(ResponseCache, "find", lambda cache, keys: looked_up.append(len(keys)) or find(cache, keys))
    monkeypatch.setattr(ResponseCache, "get", lambda cache, key: one_by_one.append(key) or get(cache, key))
    started: list[object] = []

    def factory(loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> asyncio.Task[Any]:
        started.append(work)
        return asyncio.Task(work, loop=loop, **more)

    asyncio.get_running_loop().set_task_factory(factory)
    await Scorer(session, "here", ModelCallSpec(role="task"), {}).score(PROMPTS, EXAMPLES, False)
    asyncio.get_running_loop().set_task_factory(None)
    assert looked_up == [100, 20]
    assert not one_by_one
    assert not started


async def test_new_rows_are_looked_up_once_and_together(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    one_by_one: list[str] = []
    get = ResponseCache.get
    monkeypatch.setattr(ResponseCache, "get", lambda cache, key: one_by_one.append(key) or get(cache, key))
    model = ScriptedBackend(echo)
    await scored(opened(model))
    assert model.completions == 120
    assert not one_by_one


async def test_a_row_that_another_step_asks_for_after_the_look_up_is_not_paid_twice(opened: Open) -> None:
    model = ScriptedBackend(echo)
    session = opened(model)
    requests = Scorer(session, "here", ModelCallSpec(role="task"), {}).requests
    (call,) = requests.recalled([(PROMPTS.items[0], EXAMPLES.items[0])])
    asked: Any = {"stream": session.stream(""), "node": "here", "role": "task"}
    first = await session.gateway.ask(model, call.request, **asked)
    second = await session.gateway.ask(model, call.request, asked=call.asked, **asked)
    assert first == second
    assert model.completions == 1


async def test_only_missing_rows_are_asked_for_and_all_keep_their_place(opened: Open) -> None:
    half = Examples.of(EXAMPLES.items[::2])
    await scored(opened(ScriptedBackend(echo)), examples=half)
    model = ScriptedBackend(echo)
    session = opened(model)
    scores = await scored(session)
    assert model.completions == 60
    assert [row.example for row in scores.rows] == [one.id for _ in PROMPTS.items for one in EXAMPLES.items]
    assert (session.gateway.usage.of("here").cached, session.gateway.usage.of("here").new) == (60, 60)


async def test_equal_requests_of_one_scoring_are_sent_once(opened: Open) -> None:
    model = ScriptedBackend(echo, latency=0.001)
    session = opened(model)
    twice = Prompts(items=(PROMPTS.items[0], PROMPTS.items[0].replaced(made_by="elsewhere")))
    await scored(session, prompts=twice)
    assert model.completions == 10
    assert session.gateway.usage.of("here").cached == 10


@pytest.mark.parametrize(("policy", "calls"), [("use", 0), ("refresh", 120), ("off", 120)])
async def test_the_cache_policy_holds_for_many_rows(opened: Open, policy: Any, calls: int) -> None:
    await scored(opened(ScriptedBackend(echo)))
    model = ScriptedBackend(echo)
    await scored(opened(model, policy=policy))
    assert model.completions == calls


async def test_a_second_scoring_under_refresh_takes_what_the_first_made_new(opened: Open) -> None:
    model = ScriptedBackend(echo)
    session = opened(model, policy="refresh")
    assert await scored(session) == await scored(session)
    assert model.completions == 120


async def test_under_only_a_missing_row_is_an_error(opened: Open) -> None:
    half = Examples.of(EXAMPLES.items[::2])
    await scored(opened(ScriptedBackend(echo)), examples=half)
    session = opened(ScriptedBackend(echo), policy="only")
    assert len((await scored(session, examples=half)).rows) == 60
    with pytest.raises(CacheError, match="holds no answer"):
        await scored(session)


async def test_a_filtered_answer_is_asked_for_again_in_a_later_run(opened: Open) -> None:
    blocked = ScriptedBackend(lambda request, key: Completion(finish="content_filter"))
    some = Examples.of(EXAMPLES.items[:3])
    first = await scored(opened(blocked), examples=some)
    assert (len(first.rows), len(first.missing)) == (0, 36)
    model = ScriptedBackend(echo)
    assert len((await scored(opened(model), examples=some)).rows) == 36
    assert model.completions == 36


async def test_parameters_that_a_cached_answer_was_made_without_are_told(opened: Open) -> None:
    model = ScriptedBackend(lambda request, key: Completion("x", via="without: temperature"))
    await scored(opened(model))
    session = opened(ScriptedBackend(echo))
    await scored(session)
    assert session.gateway.usage.refused == {"scripted": {"temperature"}}
