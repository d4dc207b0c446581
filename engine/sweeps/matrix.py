"""Matrix of a comparison: one cell for each optimizer, task and seed.

A cell's key is a hash of all that its result depends on: the pipeline's and its templates' text, the task's content, the
models, the seed and the other options. A model file of the user's own stands in it with its SHA-256. So a cell that was run is
found again whatever its files are called, and another runner can take over any cell.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from promptwire.backends.local_sources import OwnFile, find_source
from promptwire.errors import UsageError
from promptwire.language.check import load_graph
from promptwire.local_settings import is_local, split_settings
from promptwire.node import Role
from promptwire.options import Options
from promptwire.results.provenance import fingerprint, hashed
from promptwire.security.access_log import FileAccessLog
from promptwire.tasks.given_task import task_of
from promptwire.tasks.task import Task
from promptwire.values.hashing import digest

__all__ = ["BASELINE", "Cell", "Row", "make_matrix", "parse_row", "task_name"]

BASELINE: Final = "random-search"
"""The pipeline that any optimizer must beat."""
_IRRELEVANT: Final = {"cache", "parallel", "tries", "timeout", "paces", "seed", "models", "task", "params", "patches"}
"""Options without an effect on the result, or that the key holds in another form."""


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
class Cell:
    """One run of a comparison."""

    row: str
    """Name of the optimizer."""
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


def make_matrix(rows: Sequence[Row], tasks: Sequence[str | Task], seeds: Iterable[int], options: Options) -> tuple[Cell, ...]:
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
    made = [(row, task, _merged(row, options)) for row in rows for task in tasks]
    keys = [_key(row.pipeline, task, merged) for row, task, merged in made]
    return tuple(_cells(list(zip(made, keys, strict=True)), seeds))


def _cells(made: Sequence[tuple[tuple[Row, str | Task, Options], str]], seeds: Iterable[int]) -> Iterator[Cell]:
    for seed in seeds:
        for (row, task, merged), key in made:
            whole = merged.model_copy(update={"seed": seed})
            yield Cell(row.name, task, seed, row.pipeline, whole, digest([key, seed], 24))


def _merged(row: Row, options: Options) -> Options:
    own = {"params": {**options.params, **dict(row.params)}, "patches": {**options.patches, **dict(row.patches)}}
    return options.model_copy(update=own)


def _key(pipeline: str, task: str | Task, options: Options) -> str:
    """Hash of everything but the seed."""
    log = FileAccessLog()
    with log.recording():
        load_graph(pipeline, params=options.params, patches=options.patches)
        loaded = task_of(task, options.task)
    texts = sorted(hashed(path) for path in log.seen - log.data if path.is_file())
    told = options.model_dump(mode="json", exclude=_IRRELEVANT)
    models = {role: _model(options.model(role)) for role in get_args(Role)}
    local = {role: settings.model_dump(mode="json") for role, settings in loaded.local.items()}
    own: list[Any] = [dict(options.params), dict(options.patches)]
    return digest({**told, "texts": texts, "task": fingerprint(loaded), "models": models, "local": local, "own": own})


def _model(named: tuple[str, str | None]) -> list[str | None]:
    """Name and address of a model, with the hash of its script or of its own model file, whose place says nothing."""
    name, address = named
    kind, _, path = name.partition(":")
    if is_local(name):
        model, settings = split_settings(name)
        source = find_source(model)
        if isinstance(source, OwnFile):
            return [f"local file {settings.model_dump_json(exclude_none=True)}", address, source.sha256]
    return [name, address, hashed(Path(path)) if kind == "scripted" and os.path.isfile(path) else None]
