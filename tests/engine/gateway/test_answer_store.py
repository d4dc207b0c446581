"""Storing of new completions: together, resolved after they are on disk, and never lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from promptwire.backend import Completion
from promptwire.cache.disk import ResponseCache
from promptwire.cache.record import RequestMeta
from promptwire.errors import CacheError
from promptwire.gateway.answer_store import AnswerStore, Promises

META = RequestMeta("m", "generate")


def promised(*keys: str) -> Promises:
    return {key: asyncio.get_running_loop().create_future() for key in keys}


async def test_completions_of_one_turn_of_the_loop_are_one_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, sizes = ResponseCache(tmp_path), []
    write = cache._writer._write
    monkeypatch.setattr(cache._writer, "_write", lambda jobs: (sizes.append(len(jobs)), write(jobs)))
    store, promises = AnswerStore(cache), promised(*map(str, range(50)))
    await asyncio.gather(
        *(store.put({key: Completion(key)}, promises, meta=META, replace=False) for key in promises),
    )
    assert sizes == [50]
    assert [promises[key].result().text for key in promises] == list(promises)
    cache.close()


async def test_a_promise_is_resolved_when_another_cache_object_can_read_the_row(tmp_path: Path) -> None:
    cache, other = ResponseCache(tmp_path), ResponseCache(tmp_path)
    promises = promised("a", "b")
    await AnswerStore(cache).put({"a": Completion("x"), "b": Completion("y")}, promises, meta=META, replace=False)
    assert [other.get(key) for key in ("a", "b")] == [promises["a"].result(), promises["b"].result()]
    for one in (cache, other):
        one.close()


async def test_a_step_is_given_the_completion_that_was_stored_first_unless_it_is_replaced(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path)
    store = AnswerStore(cache)
    texts = []
    for text, replace in (("first", False), ("second", False), ("third", True)):
        promises = promised("k")
        await store.put({"k": Completion(text)}, promises, meta=META, replace=replace)
        texts.append(promises["k"].result().text)
    assert texts == ["first", "first", "third"]
    cache.close()


async def test_a_completion_that_arrived_is_stored_although_the_step_ends_at_once(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path)
    promises = promised("k")
    waiting = asyncio.ensure_future(AnswerStore(cache).put({"k": Completion("paid")}, promises, meta=META, replace=False))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    promises["k"].cancel()
    await asyncio.to_thread(cache.close)
    assert ResponseCache(tmp_path).get("k") == Completion("paid")


async def test_a_failed_write_fails_its_promise_and_none_else(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path)
    promises = promised("good", "bad")
    found = {"good": Completion("x"), "bad": Completion("x" * (17 << 20))}
    await AnswerStore(cache).put(found, promises, meta=META, replace=False)
    assert promises["good"].result().text == "x"
    assert isinstance(promises["bad"].exception(), CacheError)
    cache.close()


async def test_nothing_to_store_wakes_no_thread(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path)
    await AnswerStore(cache).put({}, {}, meta=META, replace=False)
    assert cache._writer._thread is None
    cache.close()
