"""Provenance of a run: its options, its models, and the files it read with their hashes.

`promptwire bundle` needs it to replay the run elsewhere. It holds no address and no API key: a model is named by its identity,
which contains neither password nor key.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from promptwire.backend import Backend
from promptwire.backends.replay_backend import BackendSnapshot
from promptwire.errors import RunError
from promptwire.metrics.plugin_mark import plugin_mark
from promptwire.node import Role
from promptwire.options import Options
from promptwire.security.access_log import FileAccessLog, log_access
from promptwire.security.secrets import redact_json, secrets
from promptwire.tasks.task import Task
from promptwire.values import Model
from promptwire.values.hashing import digest

__all__ = ["Provenance", "fingerprint", "hashed"]


_ADDED: Final[Mapping[str, Any]] = {
    "group": None,
    "watch": [],
    "json_schema": None,
    "placeholders": {"kept": [], "names": []},
    "messages": "",
    "fields": {},
    "tolerance": None,
}
"""Fields of a task that earlier versions lack, with their defaults. Unused, they do not change a fingerprint."""


class Provenance(Model):
    """Options, models and files of one run."""

    called: ClassVar[str] = "a run's origin"

    pipeline: str
    """Pipeline: a shipped name, or a path relative to the working folder."""
    task: str
    """Task: a shipped name, or a path relative to the working folder."""
    seed: int
    """Random seed."""
    repeats: int = 1
    """Answers per prompt and held-out example in the comparison."""
    params: Mapping[str, str]
    """Params set by `-p`."""
    patches: Mapping[str, str]
    """Patches set by `--set`."""
    changes: Mapping[str, Any]
    """Values that replaced keys of the task file."""
    models: Mapping[Role, BackendSnapshot]
    """Models by role."""
    working: str
    """Working folder."""
    files: Mapping[str, str]
    """SHA-256 of each file that was read, by its absolute path."""
    data: tuple[str, ...] = ()
    """Paths among `files` that hold the task's examples."""
    fingerprint: str = ""
    """Hash of the task's content; see the function `fingerprint`."""
    given: tuple[str, ...] = ()
    """What was given in Python and stands in no file: `examples`, `metric`."""

    @classmethod
    def of(
        cls,
        pipeline: str,
        task: str,
        options: Options,
        *,
        models: Mapping[Role, Backend],
        access_log: FileAccessLog,
        task_fingerprint: str,
        working: Path,
    ) -> Provenance:
        """Make the provenance of a finished run. Raises RunError when a file can't be read any more.

        `working` is the folder in which the run began. It may have been deleted since.
        """
        return cls(
            pipeline=_relative(pipeline, working),
            task=_relative(task, working),
            seed=options.seed,
            repeats=options.repeats,
            params=options.params,
            patches=options.patches,
            changes=options.task,
            models={role: BackendSnapshot.of(backend) for role, backend in models.items()},
            working=str(working),
            files={str(path): hashed(path) for path in sorted(access_log.seen) if path.is_file()},
            data=tuple(str(path) for path in sorted(access_log.data) if path.is_file()),
            fingerprint=task_fingerprint,
        )

    def text(self) -> str:
        """Return the provenance as JSON, without the secrets of the environment."""
        return json.dumps(redact_json(self.model_dump(mode="json"), secrets()), indent=1) + "\n"


def hashed(path: Path) -> str:
    """Return the SHA-256 of the file at `path`. Raises RunError when it can't be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise RunError(f"can't be read: {error.strerror}", where=str(path)) from error


def fingerprint(task: Task) -> str:
    """Hash everything in `task` that a run depends on: examples, prompts, templates, parser and metric.

    File names and notes about files have no effect on it. A metric of a plug-in counts by its source and version, not by its
    name alone. Raises RunError when a template can't be read, UsageError when a plug-in's metric is missing.
    """
    told = task.model_dump(mode="json", exclude={"name", "doc", "notes", "template", "rubric", "local"})
    told = {name: value for name, value in told.items() if name not in _ADDED or value != _ADDED[name]}
    texts = [path for path in (None if task.messages else task.template, task.rubric) if path]
    for path in texts:
        log_access(path)
    # The name of a function given in Python holds its hash.
    named = (*task.watch, *(() if task.function is not None else (task.metric,)))
    marks = {name: mark for name in named if (mark := plugin_mark(name))}
    told |= {"plugins": marks} if marks else {}
    return digest({**told, "templates": [hashed(Path(path)) for path in texts]})


def _relative(name: str, working: Path) -> str:
    return os.path.relpath(working / name, working) if (working / name).exists() else name
