"""Runs of one process lease what they ask for: another waits, and takes the answer or the lease."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from promptwire.backends.scripted import ScriptedBackend
from promptwire.cache.disk import ResponseCache
from promptwire.gateway.answer_tier import ANY, Lease
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.process_tier import ProcessAnswers, ProcessTier
from promptwire.gateway.trace import Trace
from tests.engine.gateway.gateway_bench import Latch, counter, question, settle


def two() -> tuple[ProcessTier, ProcessTier]:
    """Two runs of one process."""
    answers = ProcessAnswers()
    return ProcessTier(answers), ProcessTier(answers)


def leased(tier: ProcessTier, keys: Sequence[str], unusable: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """State of each key after it was to be leased."""
    done: asyncio.Future[Mapping[str, Lease]] = asyncio.get_running_loop().create_future()
    tier.lease(keys, unusable or {}, done)
    return done.result()


async def test_a_key_that_one_run_asks_for_is_held_for_the_other_until_it_is_answered() -> None:
    one, other = two()
    assert leased(one, ["a", "b"], {}) == {"a": "granted", "b": "granted"}
    assert leased(other, ["a", "c"], {}) == {"a": "held", "c": "granted"}
    waiting = asyncio.ensure_future(other.wait(["a", "b"], {}))
    await asyncio.sleep(0)
    assert not waiting.done()
    one.publish("a", "row")
    assert await waiting == {"a": "answered", "b": "held"}
    assert await other.fetch(["a", "b"]) == {"a": b"row"}


@pytest.mark.parametrize("end", ["release", "close"])
async def test_a_lease_that_ends_without_an_answer_goes_to_the_one_that_waits(end: str) -> None:
    one, other = two()
    leased(one, ["a"], {})
    waiting = asyncio.ensure_future(other.wait(["a"], {}))
    await asyncio.sleep(0)
    if end == "release":
        one.release(["a"])
    else:
        await one.close()
    assert await waiting == {"a": "granted"}
    other.release(["b"])
    one.release(["a"])  # it is not its own any more
    assert leased(one, ["a"], {}) == {"a": "held"}


async def test_a_row_that_does_not_serve_counts_as_none_and_may_be_replaced() -> None:
    one, other = two()
    one.publish("a", "bad")
    bad = hashlib.sha1(b"bad", usedforsecurity=False).hexdigest()
    assert leased(other, ["a"], {"a": bad}) == {"a": "granted"}
    other.publish("a", "good")
    assert await one.fetch(["a"]) == {"a": b"bad"}
    other.publish("a", "good", replaces=bad)
    assert await one.fetch(["a"]) == {"a": b"good"}
    one.publish("a", "new", replaces=ANY)
    assert await one.fetch(["a"]) == {"a": b"new"}


async def test_a_run_that_gives_up_waiting_leaves_no_trace() -> None:
    answers = ProcessAnswers()
    one, other = ProcessTier(answers), ProcessTier(answers)
    leased(one, ["a"], {})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(other.wait(["a"], {}), 0.01)
    await one.close()
    assert not answers.holders and not answers._waiting


class Sudden(ProcessTier):
    """A tier that grants a lease in the turn of the event loop in which the one who wants it is cancelled."""

    victim: asyncio.Task[object] | None = None

    def lease(self, keys: Sequence[str], unusable: Mapping[str, str], done: asyncio.Future[Mapping[str, Lease]]) -> None:
        if self.victim is not None:
            self.victim.cancel()
        super().lease(keys, unusable, done)


async def test_a_lease_that_is_granted_while_its_request_is_cancelled_is_given_back(tmp_path: Path) -> None:
    answers, latch = ProcessAnswers(), Latch()
    tier, cache = Sudden(answers), ResponseCache(tmp_path)
    gateway = Gateway(cache=cache, budget=Budget(None), trace=Trace.null(), tier=tier)
    model = ScriptedBackend(counter(), latency=1.0, sleep=latch, parallel=1)
    asking = [asyncio.create_task(gateway.ask(model, question(f"{n}"))) for n in range(3)]
    await settle(lambda: len(answers.holders) == 2)
    tier.victim = asking[2]
    latch.event.set()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    await gateway.close()
    assert isinstance(outcomes[2], asyncio.CancelledError) and len(model.requests) == 2
    assert not answers.holders, "other runs would wait until this one ends"
    cache.close()


async def test_only_the_newest_rows_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.gateway.process_tier._KEPT", 2)
    one, other = two()
    for key in "abc":
        one.publish(key, key)
    assert set(await other.fetch(["a", "b", "c"])) == {"b", "c"}
