"""Run jobs at once and hand back their results in the written order.

A plain `asyncio.gather` leaves the others running when one fails, and a `TaskGroup` answers with a group of errors in the
order of finishing. Here the first job in the written order among those that failed speaks for all, so the same fault gives the
same message in every run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

__all__ = ["first_error", "gather"]

T = TypeVar("T")


async def gather(jobs: Sequence[Awaitable[T]]) -> tuple[T, ...]:
    """The results of `jobs`, run at once. When one fails, those not yet done are cancelled and its error is raised."""
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
    """The error that speaks for `errors`: the first that is no mere cancellation; `CancelledError` when there is none."""
    for error in errors:
        if not isinstance(error, asyncio.CancelledError):
            return error
    return errors[0] if errors else asyncio.CancelledError()
