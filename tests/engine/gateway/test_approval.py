"""The gate before the first call: all that waits is gathered, asked about once, and let through or refused together."""

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
    """The answers to some questions that are asked at once, each by a step of its own."""

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


def test_everything_that_is_missing_is_known_when_the_gate_decides(tmp_path: Path) -> None:
    model = ScriptedBackend(lambda request, key: request.prompt)
    asked(model, tmp_path, None, [1])
    seen: list[dict[str, int]] = []
    gate = ApprovalGate(lambda: seen.append({path: len(held.keys) for path, held in gate.pending.items()}))
    assert len(asked(model, tmp_path, gate, [1, 2, 3])) == 6
    assert seen == [{"step2": 2, "step3": 2}]


def test_what_the_cache_holds_never_comes_to_the_gate(tmp_path: Path) -> None:
    model = ScriptedBackend(lambda request, key: request.prompt)
    asked(model, tmp_path, None, [1, 2])

    def never() -> None:
        raise AssertionError

    assert len(asked(model, tmp_path, ApprovalGate(never), [1, 2])) == 4


def test_a_refusal_comes_to_everybody_who_waits_and_nothing_is_asked(tmp_path: Path) -> None:
    model = ScriptedBackend(lambda request, key: request.prompt)

    def refuse() -> None:
        raise UsageError("too dear")

    with pytest.raises(UsageError, match="too dear"):
        asked(model, tmp_path, ApprovalGate(refuse), [1, 2])
    assert not model.requests


def test_two_who_wait_for_the_same_answer_pay_once(tmp_path: Path) -> None:
    model = ScriptedBackend(lambda request, key: request.prompt)
    asked(model, tmp_path, ApprovalGate(lambda: None), [1, 1, 1])
    assert model.completions == 2


def test_a_partly_known_request_counts_what_it_has(tmp_path: Path) -> None:
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

    held = run_loop(main()).pending["step"]
    assert (len(held.keys), held.had) == (3, 2)


def test_under_only_a_miss_is_an_error_and_no_question(tmp_path: Path) -> None:
    def never() -> None:
        raise AssertionError

    with pytest.raises(CacheError, match="no answer"):
        asked(ScriptedBackend(lambda request, key: ""), tmp_path, ApprovalGate(never), [1], policy="only")


def test_nobody_is_asked_about_a_run_that_has_ended() -> None:
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
