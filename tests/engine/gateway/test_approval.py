"""Approval gate: pending calls are collected, then approved or refused together."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.cache.disk import ResponseCache
from promptwire.errors import CacheError, UsageError
from promptwire.gateway.approval import ApprovalGate
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.idle_loop import run_loop
from promptwire.gateway.trace import Trace


def question(number: int) -> Request:
    return Request("generate", prompt=f"question {number}")


def asked(
    model: ScriptedBackend, folder: Path, gate: ApprovalGate | None, numbers: list[int], *, policy: str = "use"
) -> list[Completion]:
    """The completions of some requests at once, each by a step of its own."""

    async def main() -> list[Completion]:
        cache = ResponseCache(folder)
        gateway = Gateway(cache=cache, budget=Budget(), trace=Trace.null(), policy=policy, approval=gate)  # type: ignore[arg-type]
        try:
            return [
                answer
                for found in await asyncio.gather(
                    *[gateway.ask(model, question(number), n=2, node=f"step{number}") for number in numbers]
                )
                for answer in found
            ]
        finally:
            await gateway.close()
            cache.close()

    return run_loop(main())


def test_the_gate_decides_when_all_missing_calls_are_pending(tmp_path: Path) -> None:
    model = ScriptedBackend(lambda request, key: request.prompt)
    asked(model, tmp_path, None, [1])
    seen: list[dict[str, int]] = []
    gate = ApprovalGate(lambda: seen.append({path: len(pending.keys) for path, pending in gate.pending.items()}))
    assert len(asked(model, tmp_path, gate, [1, 2, 3])) == 6
    assert seen == [{"step2": 2, "step3": 2}]


def test_cached_calls_never_reach_the_gate(tmp_path: Path) -> None:
    model = ScriptedBackend(lambda request, key: request.prompt)
    asked(model, tmp_path, None, [1, 2])

    def never() -> None:
        raise AssertionError

    assert len(asked(model, tmp_path, ApprovalGate(never), [1, 2])) == 4


def test_a_refusal_is_raised_in_every_waiting_step_and_no_request_is_sent(tmp_path: Path) -> None:
    model = ScriptedBackend(lambda request, key: request.prompt)

    def refuse() -> None:
        raise UsageError("too dear")

    with pytest.raises(UsageError, match="too dear"):
        asked(model, tmp_path, ApprovalGate(refuse), [1, 2])
    assert not model.requests


def test_steps_that_wait_for_the_same_call_pay_once(tmp_path: Path) -> None:
    model = ScriptedBackend(lambda request, key: request.prompt)
    asked(model, tmp_path, ApprovalGate(lambda: None), [1, 1, 1])
    assert model.completions == 2


def test_a_partly_cached_request_counts_its_cached_samples(tmp_path: Path) -> None:
    model = ScriptedBackend(lambda request, key: request.prompt)
    asked(model, tmp_path, None, [1])

    async def main() -> ApprovalGate:
        cache = ResponseCache(tmp_path)
        gate = ApprovalGate(lambda: None)
        gateway = Gateway(cache=cache, budget=Budget(), trace=Trace.null(), approval=gate)
        await gateway.ask(model, question(1), n=5, node="step")
        await gateway.close()
        cache.close()
        return gate

    pending = run_loop(main()).pending["step"]
    assert (len(pending.keys), pending.had) == (3, 2)


def test_under_only_a_miss_is_an_error_without_approval(tmp_path: Path) -> None:
    def never() -> None:
        raise AssertionError

    with pytest.raises(CacheError, match="no answer"):
        asked(ScriptedBackend(lambda request, key: ""), tmp_path, ApprovalGate(never), [1], policy="only")


def test_a_run_that_has_ended_needs_no_approval() -> None:
    decided: list[bool] = []

    async def main() -> None:
        gate = ApprovalGate(lambda: decided.append(True))
        waiting = asyncio.create_task(gate.enter("step", ["key"]))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await asyncio.to_thread(lambda: None)
        await asyncio.sleep(0.05)

    run_loop(main())
    assert not decided
