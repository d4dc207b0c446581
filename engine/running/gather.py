"""Run jobs concurrently and return their results in the written order.

When one job fails, a plain `asyncio.gather` leaves the others running. A `TaskGroup` raises a group of errors in the order of
finishing. This `gather` cancels the others and raises the error of the first failed job in the written order. So the same fault
gives the same message in every run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

__all__ = ["first_error", "gather"]

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
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    raise first_error([error for task in tasks if not task.cancelled() and (error := task.exception())])


def first_error(errors: Sequence[BaseException]) -> BaseException:
    """Return the first of `errors` that is not a cancellation; `CancelledError` when all are."""
    for error in errors:
        if not isinstance(error, asyncio.CancelledError):
            return error
    return errors[0] if errors else asyncio.CancelledError()
