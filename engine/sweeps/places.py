"""Where the cells of a sweep run, from the words of `--on`."""

from __future__ import annotations

from typing import Final

from promptwire.errors import UsageError
from promptwire.sweeps.in_process import InProcess
from promptwire.sweeps.runner import Runner
from promptwire.sweeps.sweep_account import SweepAccount
from promptwire.sweeps.sweep_file import Sweep

__all__ = ["HERE", "find_runner"]

HERE: Final = "here"
"""This process, one cell after another; `here:4` is four cells at once."""


def find_runner(where: str, sweep: Sweep) -> Runner:
    """The runner of the cells of `sweep` that `where` means. Raises UsageError for other words."""
    kind, colon, number = where.partition(":")
    if kind == HERE and (not colon or (number.isdecimal() and int(number) > 0)):
        return InProcess(int(number or 1), account=SweepAccount.of(sweep))
    raise UsageError(
        f"there is no place {where!r} to run cells", hint="--on here runs them in this process, here:4 four at once"
    )
