"""Run jobs concurrently and give their results in the written order.

When one job fails, a plain `asyncio.gather` leaves the others running. A `TaskGroup` raises a group of errors in the order of
finishing. This `gather` cancels the others and raises the error of the first failed job in the written order. So the same fault
gives the same message in every run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

__all__ = ["cancelled", "first_error", "gather", "in_order"]

T = TypeVar("T")


async def gather(jobs: Sequence[Awaitable[T]]) -> tuple[T, ...]:
    """Run `jobs` concurrently and return their results. When one fails, cancel the unfinished ones and raise its error."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    if not tasks:
        return ()
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        if all(task.done() and not task.cancelled() and task.exception() is None for task in tasks):
            return tuple(task.result() for task in tasks)
    finally:
        await cancelled(tasks)
    raise first_error([error for task in tasks if not task.cancelled() and (error := task.exception())])


async def cancelled(tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Cancel `tasks` and wait for their end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def in_order(jobs: Sequence[Callable[[], Awaitable[T]]], most: int) -> AsyncGenerator[T, None]:
    """Run `jobs`, at most `most` at once, and yield each result as soon as those before it are there.

    The next job starts when any job ends. So no job waits for the slowest of a batch. The error of a job is raised in its
    place. When the caller closes the generator, the unfinished jobs are cancelled.
    """
    loop = asyncio.get_running_loop()
    results: list[asyncio.Future[T]] = [loop.create_future() for _ in jobs]
    left = iter(zip(jobs, results, strict=True))

    async def work() -> None:
        for job, result in left:
            try:
                result.set_result(await job())
            except Exception as error:
                result.set_exception(error)
            except asyncio.CancelledError:
                result.cancel()  # so that no caller waits for a result that does not come
                raise

    workers = [asyncio.ensure_future(work()) for _ in range(min(most, len(jobs)))]
    try:
        for result in results:
            yield await result
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        for result in results:
            if not result.cancel() and not result.cancelled():
                result.exception()  # marks it as seen: asyncio would report an error that no caller has read


def first_error(errors: Sequence[BaseException]) -> BaseException:
    """Return the first of `errors` that is not a cancellation; `CancelledError` when all are."""
    for error in errors:
        if not isinstance(error, asyncio.CancelledError):
            return error
    return errors[0] if errors else asyncio.CancelledError()
