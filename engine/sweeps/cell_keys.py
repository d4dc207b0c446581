"""Key of a cell: a hash of all that its result depends on, without the seed.

It holds the text of the pipeline, of its templates and of the plug-ins, the content of the task, the models and the other
options. Files count by their content, so a key says nothing about where they are. An address counts when it was given, not when
it comes from the environment, since each worker may have its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from promptwire.backends.local_sources import OwnFile, find_source
from promptwire.language.check import load_graph
from promptwire.local_settings import LocalSettings, is_local, split_settings
from promptwire.node import Role
from promptwire.options import Options
from promptwire.results.provenance import fingerprint, hashed
from promptwire.security.access_log import FileAccessLog
from promptwire.tasks.given_task import task_of
from promptwire.tasks.task import Task
from promptwire.values.hashing import digest

__all__ = ["CellKeys"]

_IRRELEVANT: Final = {"cache", "parallel", "tries", "timeout", "paces", "seed", "models", "task", "params", "patches"}
"""Options without an effect on the result, or that the key holds in another form."""
T = TypeVar("T")
_LoadedTask = tuple[frozenset[Path], str, Mapping[Role, LocalSettings]]
"""Files of a task other than its data, the fingerprint of its content, and its settings of local models."""


class CellKeys:
    """Makes keys. It loads each pipeline and each task once."""

    def __init__(self) -> None:
        self._graphs: dict[Any, frozenset[Path]] = {}
        self._tasks: dict[Any, _LoadedTask] = {}
        self._kept: list[Any] = []
        """Values whose `id` stands in a key of `_tasks`."""

    def key(self, pipeline: str, task: str | Task, options: Options, plugins: Sequence[str] = ()) -> str:
        """Hash of everything but the seed. Raises PipelineError, DataError or UsageError for what can't be loaded."""
        files, mark, settings = self.load_task(task, options.task)
        texts = sorted(hashed(path) for path in self.load_pipeline(pipeline, options) | files if path.is_file())
        told = options.model_dump(mode="json", exclude=_IRRELEVANT)
        models = {role: _model(options.named_model(role)) for role in get_args(Role)}
        local = {role: one.model_dump(mode="json") for role, one in settings.items()}
        own: list[Any] = [dict(options.params), dict(options.patches)]
        code = {"plugins": sorted(hashed(Path(file)) for file in plugins)} if plugins else {}
        return digest({**told, "texts": texts, "task": mark, "models": models, "local": local, "own": own, **code})

    def load_pipeline(self, pipeline: str, options: Options) -> frozenset[Path]:
        """Files of the pipeline. Raises PipelineError or UsageError."""
        at = (pipeline, *(tuple(sorted(given.items())) for given in (options.params, options.patches)))
        if at not in self._graphs:
            params, patches = options.params, options.patches
            self._graphs[at], _ = _recorded(lambda: load_graph(pipeline, params=params, patches=patches))
        return self._graphs[at]

    def load_task(
        self, task: str | Task, changes: Mapping[str, Any]
    ) -> tuple[frozenset[Path], str, Mapping[Role, LocalSettings]]:
        """Files of the task other than its data, the fingerprint of its content, and its settings of local models.

        Raises PipelineError, DataError or UsageError.
        """
        at = (task if isinstance(task, str) else id(task), id(changes))
        if at not in self._tasks:
            self._kept += [task, changes]
            files, loaded = _recorded(lambda: task_of(task, changes))
            self._tasks[at] = files, fingerprint(loaded), loaded.local
        return self._tasks[at]


def _recorded(load: Callable[[], T]) -> tuple[frozenset[Path], T]:
    """Files that `load` opened, without data files, and what it returned."""
    log = FileAccessLog()
    with log.recording():
        loaded = load()
    return frozenset(log.seen - log.data), loaded


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
