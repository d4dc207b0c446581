"""Batch writer: order, batches and stopping."""

from __future__ import annotations

import threading

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
