"""Runs cells as a notebook does: one after the other in one process, inside a running event loop.

`python tests/docs/notebook.py` reads one JSON text per line from standard input, the source of a cell, and writes what the cell
prints as one JSON text per line. The value of a last expression is printed as a notebook shows it. `await` works at the top of a
cell.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import io
import json
import linecache
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any


class Notebook:
    """A process that runs cells in a folder."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, source: str) -> tuple[str, bool]:
        """Run one cell. Returns what it prints, and whether it ended without an exception."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(source) + "\n")
        self._process.stdin.flush()
        printed, fine = json.loads(self._process.stdout.readline())
        return printed, fine

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


async def run_cell(source: str, number: int, names: dict[str, Any]) -> None:
    """Run one cell with the names of the cells before."""
    file = f"<cell {number}>"
    linecache.cache[file] = (
        len(source),
        None,
        source.splitlines(keepends=True),
        file,
    )  # as notebooks do, for inspect.getsource
    tree = ast.parse(source, file)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    allowed = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    found = eval(compile(tree, file, "exec", flags=allowed), names)  # noqa: S307 - a cell of the docs
    if inspect.isawaitable(found):
        await found
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), file, "eval", flags=allowed), names)  # noqa: S307
        value = await value if inspect.isawaitable(value) else value
        if value is not None:
            print(repr(value))


async def serve() -> None:
    """Run the cells of standard input."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, line in enumerate(sys.stdin):
        said, fine = io.StringIO(), True
        with contextlib.redirect_stdout(said):
            try:
                await run_cell(json.loads(line), number, names)
            except Exception:
                fine = False
                traceback.print_exc(file=said)
        sys.stdout.write(json.dumps([said.getvalue(), fine]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve())
