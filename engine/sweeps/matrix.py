"""Matrix of runs: one cell for each optimizer, task, model and seed.

A cell's key is a hash of all that its result depends on: the pipeline's and its templates' text, the task's content, the
models, the seed and the other options. A model file of the user's own stands in it with its SHA-256. So a cell that was run is
found again whatever its files are called, and another runner can take over any cell.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Final

from promptwire.errors import UsageError
from promptwire.options import Options
from promptwire.sweeps.cell_keys import CellKeys
from promptwire.tasks.task import Task
from promptwire.values.hashing import digest

__all__ = [
    "BASELINE",
    "MOST_CELLS",
    "Block",
    "Cell",
    "Row",
    "cells_of",
    "check_size",
    "make_matrix",
    "parse_row",
    "row_name",
    "task_name",
]

BASELINE: Final = "random-search"
"""The pipeline that any optimizer must beat."""
MOST_CELLS: Final = 100_000
"""Most cells of a matrix."""


@dataclass(frozen=True, slots=True)
class Row:
    """One optimizer of a comparison: a pipeline with params and patches of its own."""

    name: str
    """Name in tables."""
    pipeline: str
    """Name of a shipped pipeline, or a file."""
    params: tuple[tuple[str, str], ...] = ()
    """Its own params."""
    patches: tuple[tuple[str, str], ...] = ()
    """Its own patches."""


@dataclass(frozen=True, slots=True)
class Block:
    """Cells that differ in their seeds only."""

    row: str
    """Name of the optimizer in tables, with the model where there are several."""
    task: str | Task
    """Name of the task, its file, or the task itself."""
    pipeline: str
    """Name of a shipped pipeline, or a file."""
    options: Options
    """Options of the runs; the seed is not used."""
    named: str = ""
    """Name of the task in tables, when it is not that of `task`."""
    model: str = ""
    """Name of the models in tables; empty where all cells use the same."""
    plugins: tuple[str, ...] = ()
    """Plug-in files that the runs need."""
    resources: Mapping[str, float] = field(default_factory=dict)
    """What a run takes of its worker, such as one `gpu`."""

    @property
    def task_name(self) -> str:
        """Name of the task in tables."""
        return self.named or task_name(self.task)

    def cell(self, seed: int, key: str) -> Cell:
        """The cell of a seed, whose key is made of `key`, that of all its seeds."""
        whole = self.options.model_copy(update={"seed": seed})
        own = digest([key, seed], 24)
        return Cell(
            self.row, self.task, seed, self.pipeline, whole, own, self.plugins, self.resources, self.task_name, self.model
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a matrix."""

    row: str
    """Name of the optimizer in tables."""
    task: str | Task
    """Name of the task, its file, or the task itself."""
    seed: int
    """Random seed."""
    pipeline: str
    """Pipeline of the run."""
    options: Options
    """Options of the run, with the seed."""
    key: str
    """Hash of all that the result depends on."""
    plugins: tuple[str, ...] = ()
    """Plug-in files that the run needs."""
    resources: Mapping[str, float] = field(default_factory=dict)
    """What it takes of its worker while it runs, such as one `gpu`."""
    task_name: str = ""
    """Name of the task in tables."""
    model: str = ""
    """Name of the models in tables; empty where all cells use the same."""

    @property
    def title(self) -> str:
        """The cell for people: `ape on mood, seed 0`."""
        return f"{self.row} on {self.task_name}, seed {self.seed}"

    @property
    def block(self) -> Block:
        """The cells that differ from this one in their seeds only."""
        options = self.options.model_copy(update={"seed": 0})
        return Block(self.row, self.task, self.pipeline, options, self.task_name, self.model, self.plugins, self.resources)


def parse_row(text: str) -> Row:
    """Read `ape`, `mine.yaml` or `"ape -p n=5 --set best.keep=2"`. Raises UsageError for other words."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"the pipeline {text!r} can't be read: {error}") from error
    if not words:
        raise UsageError("a pipeline without a name")
    own: dict[str, dict[str, str]] = {"-p": {}, "--set": {}}
    rest = words[1:]
    for flag, item in zip(rest[::2], [*rest[1::2], ""], strict=False):
        name, equals, value = item.partition("=")
        if flag not in own or not equals or not name:
            hint = "a pipeline may be followed by -p K=V and --set PATH=V: compare ape 'ape -p n=5'"
            raise UsageError(f"{text!r}: {flag} {item} can't be read".strip(), hint=hint)
        own[flag][name] = value
    stem = Path(words[0]).stem if words[0].endswith((".yaml", ".yml")) else words[0]
    name = " ".join([stem, *(f"{key}={value}" for values in own.values() for key, value in values.items())])
    return Row(name, words[0], tuple(own["-p"].items()), tuple(own["--set"].items()))


def task_name(task: str | Task) -> str:
    """Name of a task in tables, from its name, file or folder."""
    if isinstance(task, Task):
        return task.name
    path = Path(task)
    return path.stem if path.suffix else path.name or task


def row_name(name: str, model: str) -> str:
    """Name of an optimizer in tables: `ape`, or `ape @ small` where there are several models."""
    return f"{name} @ {model}" if model else name


def check_size(*sides: int) -> None:
    """Raise UsageError when a matrix with sides of these lengths has too many cells."""
    cells = prod(sides)
    if cells > MOST_CELLS:
        shown = " x ".join(f"{side:,}" for side in sides if side > 1)
        raise UsageError(f"these are {cells:,} cells ({shown})", hint=f"a matrix has at most {MOST_CELLS:,}: split it")


def make_matrix(rows: Sequence[Row], tasks: Sequence[str | Task], seeds: Sequence[int], options: Options) -> tuple[Cell, ...]:
    """The cells of all `rows`, `tasks` and `seeds`, in an order in which a first result for each row and task comes early.

    Params and patches of a row go before those of `options`. Raises PipelineError, DataError or UsageError for what can't run.
    """
    names = [row.name for row in rows]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two pipelines are called {twice!r}", hint="rename a file, or give them different params")
    called = [task_name(task) for task in tasks]
    same = next((name for name in called if called.count(name) > 1), None)
    if same is not None:
        raise UsageError(f"two tasks are called {same!r}", hint="name each task once; rename a file if they differ")
    if not rows or not tasks:
        raise UsageError("an empty comparison", hint="name a pipeline and a --task: promptwire compare ape --task sentiment")
    check_size(len(rows), len(tasks), len(seeds))
    return cells_of([Block(row.name, task, row.pipeline, _merged(row, options)) for row in rows for task in tasks], seeds)


def cells_of(blocks: Sequence[Block], seeds: Iterable[int]) -> tuple[Cell, ...]:
    """The cells of all `blocks` and `seeds`, the first seed of all blocks first. Raises what can't be loaded."""
    keys = CellKeys()
    made = [(block, keys.key(block.pipeline, block.task, block.options, block.plugins)) for block in blocks]
    return tuple(block.cell(seed, key) for seed in seeds for block, key in made)


def _merged(row: Row, options: Options) -> Options:
    own = {"params": {**options.params, **dict(row.params)}, "patches": {**options.patches, **dict(row.patches)}}
    return options.model_copy(update=own)
