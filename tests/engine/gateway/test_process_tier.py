"""Runs of one process lease what they ask for: another waits, and takes the answer or the lease."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from promptwire.gateway.answer_tier import ANY
from promptwire.gateway.process_tier import ProcessAnswers, ProcessTier


def two() -> tuple[ProcessTier, ProcessTier]:
    """Two runs of one process."""
    answers = ProcessAnswers()
    return ProcessTier(answers), ProcessTier(answers)


async def test_a_key_that_one_run_asks_for_is_held_for_the_other_until_it_is_answered() -> None:
    one, other = two()
    assert await one.lease(["a", "b"], unusable={}) == {"a": "granted", "b": "granted"}
    assert await other.lease(["a", "c"], unusable={}) == {"a": "held", "c": "granted"}
    waiting = asyncio.ensure_future(other.lease(["a", "b"], unusable={}, wait=True))
    await asyncio.sleep(0)
    assert not waiting.done()
    one.publish("a", "row")
    assert await waiting == {"a": "answered", "b": "held"}
    assert await other.fetch(["a", "b"]) == {"a": b"row"}


@pytest.mark.parametrize("end", ["release", "close"])
async def test_a_lease_that_ends_without_an_answer_goes_to_the_one_that_waits(end: str) -> None:
    one, other = two()
    await one.lease(["a"], unusable={})
    waiting = asyncio.ensure_future(other.lease(["a"], unusable={}, wait=True))
    await asyncio.sleep(0)
    if end == "release":
        one.release(["a"])
    else:
        await one.close()
    assert await waiting == {"a": "granted"}
    other.release(["b"])
    one.release(["a"])  # it is not its own any more
    assert await one.lease(["a"], unusable={}) == {"a": "held"}


async def test_a_row_that_does_not_serve_counts_as_none_and_may_be_replaced() -> None:
    one, other = two()
    one.publish("a", "bad")
    bad = hashlib.sha1(b"bad", usedforsecurity=False).hexdigest()
    assert await other.lease(["a"], unusable={"a": bad}) == {"a": "granted"}
    other.publish("a", "good")
    assert await one.fetch(["a"]) == {"a": b"bad"}
    other.publish("a", "good", replaces=bad)
    assert await one.fetch(["a"]) == {"a": b"good"}
    one.publish("a", "new", replaces=ANY)
    assert await one.fetch(["a"]) == {"a": b"new"}


async def test_a_run_that_gives_up_waiting_leaves_no_trace() -> None:
    answers = ProcessAnswers()
    one, other = ProcessTier(answers), ProcessTier(answers)
    await one.lease(["a"], unusable={})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(other.lease(["a"], unusable={}, wait=True), 0.01)
    await one.close()
    assert not answers.holders and not answers._waiting


async def test_only_the_newest_rows_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptwire.gateway.process_tier._KEPT", 2)
    one, other = two()
    for key in "abc":
        one.publish(key, key)
    assert set(await other.fetch(["a", "b", "c"])) == {"b", "c"}
