"""Entries of a sweep file, with their names and the files that they mean."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from promptwire.documents import resources
from promptwire.documents.document import Document, KeyPath
from promptwire.errors import PipelineError, Problem, UsageError, suggest
from promptwire.language.file_lookup import is_pipeline
from promptwire.limits import RateLimits
from promptwire.node import Role
from promptwire.registry.plugins import plugin_files
from promptwire.sweeps.matrix import Row, parse_row, task_name
from promptwire.sweeps.sweep_spec import ModelEntry, PipelineEntry, TaskEntry
from promptwire.tasks.reading.form import SUFFIXES
from promptwire.tasks.task_spec import TaskSpec

__all__ = ["EntryReader", "ModelColumn", "PipelineRow", "TaskColumn"]

_TASK_KEYS: Final = [name for name in TaskSpec.model_fields if name not in ("promptwire", "task")]
"""Keys of a task file that a sweep may replace."""
_ROLES: Final[tuple[Role, ...]] = get_args(Role)


@dataclass(frozen=True, slots=True)
class PipelineRow:
    """One pipeline with its settings."""

    place: int
    """Place in the file, from 0."""
    name: str
    """Name in tables."""
    pipeline: str
    """Name of a shipped pipeline, or a file as seen from the working folder."""
    params: Mapping[str, str]
    """Its params, as text."""
    patches: Mapping[str, str]
    """Its patches, as text."""
    resources: Mapping[str, float]
    """What a run takes of its worker."""


@dataclass(frozen=True, slots=True)
class TaskColumn:
    """One task with what replaces its keys."""

    place: int
    """Place in the file, from 0."""
    name: str
    """Name in tables."""
    task: str
    """Name of a shipped task, or a file or folder as seen from the working folder."""
    changes: Mapping[str, Any]
    """Task-file keys that replace its own."""


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """The models of some cells."""

    place: int
    """Place in the file, from 0."""
    name: str
    """Name in tables."""
    models: Mapping[Role, str]
    """Model of each role."""
    api_bases: Mapping[Role, str]
    """Address by role."""
    paces: Mapping[Role, RateLimits]
    """Rate limits by role."""
    resources: Mapping[str, float]
    """What a run takes of its worker."""


@dataclass(slots=True)
class EntryReader:
    """Reads the entries of one sweep file, and collects their problems."""

    document: Document
    """The sweep file."""
    folder: Path
    """Folder from which its files are found."""
    problems: list[Problem] = field(default_factory=list)
    """What is wrong so far."""
    names: dict[tuple[str, str], int] = field(default_factory=dict)
    """Place of each entry by its key in the file and its name."""

    def finish(self) -> None:
        """Raise PipelineError when there are problems."""
        if self.problems:
            raise PipelineError(self.problems)

    def plugin(self, place: int, file: str) -> str:
        """Path of a plug-in file, which the user has loaded."""
        path = self.folder / file
        if not os.path.isfile(path):
            self._report(("plugins", place), f"there is no plug-in file {path}", "give the path of a Python file")
        elif path.resolve() not in plugin_files():  # a file can ask for code, but only its user can let it run
            hint = f"look at it; then allow it with --plugins {shlex.quote(str(path))}, in Python with promptwire.load_plugin"
            self._report(("plugins", place), f"the sweep needs the code of {path}, which is not loaded", hint)
        return str(path)

    def pipeline(self, place: int, entry: PipelineEntry) -> PipelineRow:
        """The row of a pipeline."""
        at = ("pipelines", place)
        try:
            row = parse_row(entry.pipeline)
        except UsageError as error:
            self._report(at, error.problem, error.hint.replace("compare ape 'ape -p n=5'", "'ape -p n=5'"))
            row = Row("", "")
        params = {**dict(row.params), **{name: _text(value) for name, value in entry.params.items()}}
        patches = {**dict(row.patches), **{name: _text(value) for name, value in entry.set.items()}}
        given = {**entry.params, **entry.set}
        name = entry.name or " ".join([row.name, *(f"{key}={_text(value)}" for key, value in given.items())])
        self._claim("pipelines", place, name)
        pipeline = self._pipeline(at, row.pipeline) if row.pipeline else ""
        return PipelineRow(place, name, pipeline, params, patches, entry.resources)

    def task(self, place: int, entry: TaskEntry) -> TaskColumn:
        """The column of a task."""
        at, changes = ("tasks", place), dict(entry.model_extra or {})
        for key in changes.keys() - set(_TASK_KEYS):
            location = self.document.location((*at, key), key=True)
            hint = suggest(key, [*_TASK_KEYS, "task", "name"], otherwise="keys of a task file replace those of the task")
            self.problems.append(Problem("unknown-key", location, f"unknown key {key!r} in a task of a sweep", hint))
        task = self._task(at, entry.task)
        name = entry.name or _task_name(task)
        self._claim("tasks", place, name)
        return TaskColumn(place, name, task, {**changes, **({"task": entry.name} if entry.name else {})})

    def model(self, place: int, entry: ModelEntry) -> ModelColumn:
        """The column of some models."""
        named = {role: getattr(entry, role) for role in _ROLES if getattr(entry, role)}
        models = {role: self._model(("models", place, role), name) for role, name in named.items()}
        if not models and not entry.api_bases:
            self._report(("models", place), "an entry without a model", "name the task model: {task: openai/gpt-4o-mini}")
        name = entry.name or entry.task or next(iter(named.values()), "local")
        self._claim("models", place, name)
        return ModelColumn(place, name, models, dict(entry.api_bases), dict(entry.limits), entry.resources)

    def _claim(self, key: str, place: int, name: str) -> None:
        """Report a name that another entry has, and an empty one."""
        if name != name.strip():
            self._report((key, place), f"the name {name!r} begins or ends with a space", "remove the space")
        first = self.names.setdefault((key, name), place)
        if name and first != place:
            line = self.document.location((key, first)).line
            where = f" in line {line}" if line else ""
            message = f"the name {name!r} is already that of entry {first + 1} of '{key}'{where}"
            self._report((key, place), message, "give one of them another 'name'")

    def _pipeline(self, at: KeyPath, written: str) -> str:
        path = self.folder / written
        if os.path.isfile(path) or (is_pipeline(written) and written not in resources.pipelines()):
            if not os.path.isfile(path):
                near = [str(one.relative_to(self.folder)) for one in path.parent.glob("*.y*ml")]
                self._report(at, f"there is no pipeline file {path}", suggest(written, near, otherwise="check the path"))
            return str(path)
        if written not in resources.pipelines():
            self._report(at, f"there is no pipeline {written!r}", suggest(written, resources.pipelines(), noun="pipelines"))
        return written

    def _task(self, at: KeyPath, written: str) -> str:
        path = self.folder / written
        if os.path.exists(path):
            return str(path)
        if written in resources.tasks():
            return written
        is_file = Path(written).suffix.lower() in {".yaml", ".yml", *SUFFIXES} or os.sep in written
        hint = "check the path" if is_file else suggest(written, resources.tasks(), noun="tasks")
        self._report(at, f"there is no task {str(path) if is_file else written!r}", hint)
        return written

    def _model(self, at: KeyPath, written: str) -> str:
        """The model's name, with a file of the sweep's folder as seen from the working folder."""
        kind, colon, path = written.partition(":")
        own = self.folder / path
        if kind == "scripted" and os.path.splitext(path)[1] and not os.path.isfile(own) and not os.path.isfile(path):
            self._report(at, f"there is no file {own}", "check the path")
        return f"{kind}:{own}" if colon and kind in ("scripted", "local") and path and os.path.isfile(own) else written

    def _report(self, at: KeyPath, message: str, hint: str) -> None:
        self.problems.append(Problem("sweep", self.document.location(at), message, hint))


def _task_name(task: str) -> str:
    """Name of a task in tables; `mood/task.yaml` goes by its folder."""
    path = Path(task)
    return path.parent.name if path.name == "task.yaml" and path.parent.name else task_name(task)


def _text(value: Any) -> str:
    """A YAML value as the text that a command line would have."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
