"""Where the cells of a sweep run, from the words of `--on`."""

from __future__ import annotations

import os
from typing import Any, Final

from promptwire.errors import UsageError
from promptwire.sweeps.in_process import InProcess
from promptwire.sweeps.runner import Runner
from promptwire.sweeps.sweep_account import SweepAccount
from promptwire.sweeps.sweep_file import Sweep

__all__ = ["HERE", "find_runner"]

HERE: Final = "here"
"""This process, one cell after another; `here:4` is four cells at once."""


def find_runner(where: str | Runner | Any, sweep: Sweep) -> Runner:
    """The runner of the cells of `sweep` that `where` means: words of `--on`, a runner, or a client of Dask.

    Raises UsageError for other words, and ClusterError when Dask is needed and not installed.
    """
    if not isinstance(where, str):
        return where if isinstance(where, Runner) else _on_dask(where, sweep)
    kind, colon, number = where.partition(":")
    if kind == HERE and (not colon or (number.isdecimal() and int(number) > 0)):
        return InProcess(int(number or 1), account=SweepAccount.of(sweep))
    if kind == "local" or "://" in where or os.path.isfile(where):
        return _on_dask(where, sweep)
    hint = "here, here:4 (four at once in this process), local:4 (four workers), tcp://HOST:8786, or a scheduler's file"
    raise UsageError(f"there is no place {where[:200]!r} to run cells", where="--on", hint=hint)


def _on_dask(where: Any, sweep: Sweep) -> Runner:
    from promptwire.sweeps.dask_cluster import require_dask  # noqa: PLC0415 - only what is used
    from promptwire.sweeps.dask_runner import OnDask  # noqa: PLC0415

    require_dask()

    return OnDask(where, account=SweepAccount.of(sweep))
