"""Batch writer: order, batches and stopping."""

from __future__ import annotations

import threading

import pytest

from promptwire.cache.batch_writer import Writer


def test_jobs_are_written_in_order_and_queued_jobs_share_a_batch() -> None:
    batches: list[list[int]] = []
    first, go = threading.Event(), threading.Event()

    def write(jobs: list[int]) -> None:
        batches.append(jobs)
        first.set()
        go.wait(10)

    writer: Writer[int] = Writer(write, name="test", leave=lambda: None)
    writer.put(0)
    assert first.wait(10)
    for job in range(1, 251):
        writer.put(job)
    go.set()
    writer.wait()
    assert [job for batch in batches for job in batch] == list(range(251))
    assert [len(batch) for batch in batches] == [1, 100, 100, 50]
    writer.stop()


def test_stopping_writes_the_queue_and_runs_cleanup_in_the_thread() -> None:
    written: list[int] = []
    left: list[int] = []
    writer: Writer[int] = Writer(written.extend, name="test", leave=lambda: left.append(threading.get_ident()))
    for job in range(1000):
        writer.put(job)
    writer.stop()
    assert written == list(range(1000))
    assert len(left) == 1
    assert left != [threading.get_ident()]


def test_a_writer_without_jobs_starts_no_thread() -> None:
    before = threading.active_count()
    writer: Writer[int] = Writer(lambda jobs: None, name="test", leave=lambda: None)
    writer.wait()
    writer.stop()
    assert threading.active_count() == before


def test_jobs_are_written_by_the_caller_where_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    written: list[int] = []
    writer: Writer[int] = Writer(written.extend, name="test", leave=lambda: None)
    for job in range(250):
        writer.hold(job)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    writer.wait()
    assert written == list(range(250))
    monkeypatch.undo()
    writer.put(250)
    writer.stop()
    assert written == list(range(251))


def test_an_interrupt_while_jobs_are_queued_loses_none() -> None:
    class Interrupted:
        def __init__(self, queue: object) -> None:
            self.queue, self.left = queue, 1

        def put(self, item: object) -> None:
            self.queue.put(item)
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt

        def __getattr__(self, name: str) -> object:
            return getattr(self.queue, name)

    written: list[int] = []
    writer: Writer[int] = Writer(written.extend, name="test", leave=lambda: None)
    writer._queue = Interrupted(writer._queue)
    for job in range(250):
        writer.hold(job)
    with pytest.raises(KeyboardInterrupt):
        writer.release()
    writer.stop()
    assert sorted({*written}) == list(range(250))
