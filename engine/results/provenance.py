"""Where a run came from: what was asked for, by which models, and the files it read with their hashes.

It is what `promptwire bundle` needs to make the run again elsewhere. No address and no key is in it: a model is named by its
identity, which holds neither password nor key.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from promptwire.backend import Backend
from promptwire.backends.replay_backend import BackendSnapshot
from promptwire.errors import RunError
from promptwire.node import Role
from promptwire.options import Options
from promptwire.security.access_log import FileAccessLog, log_access
from promptwire.security.secrets import redact_json, secrets
from promptwire.tasks.task import Task
from promptwire.values import Model
from promptwire.values.hashing import digest

__all__ = ["Provenance", "fingerprint", "hashed"]


class Provenance(Model):
    """What a run was."""

    called: ClassVar[str] = "a run's origin"

    pipeline: str
    """The pipeline: a shipped name, or a path from the working folder."""
    task: str
    """The task, likewise."""
    seed: int
    """The run's seed."""
    params: Mapping[str, str]
    """What `-p` said."""
    patches: Mapping[str, str]
    """What `--set` said."""
    changes: Mapping[str, Any]
    """What was said in place of the task's own keys."""
    models: Mapping[Role, BackendSnapshot]
    """The models by role."""
    working: str
    """The working folder."""
    files: Mapping[str, str]
    """SHA-256 of each file that was read, by its absolute path."""
    data: tuple[str, ...] = ()
    """Those among them that hold the task's examples."""
    fingerprint: str = ""
    """What tells the task from every other: see `fingerprint`."""

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
        """The origin of a run that is over, on the task with the fingerprint `mark`. Raises RunError when a file has gone.

        `working` is the folder that it began in, which may have been deleted since.
        """
        return cls(
            pipeline=_relative(pipeline, working),
            task=_relative(task, working),
            seed=options.seed,
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
        """As JSON, without the secrets of the environment."""
        return json.dumps(redact_json(self.model_dump(mode="json"), secrets()), indent=1) + "\n"


def hashed(path: Path) -> str:
    """The SHA-256 of the file at `path`. Raises RunError when it can't be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise RunError(f"can't be read: {error.strerror}", where=str(path)) from error


def fingerprint(task: Task) -> str:
    """A hash of all that a run depends on in `task`: examples, prompts, how an answer is asked for, read and scored.

    Neither names of files nor what was remarked about them is in it. Raises RunError when a template can't be read.
    """
    told = task.model_dump(mode="json", exclude={"name", "doc", "notes", "template", "rubric"})
    texts = [path for path in (task.template, task.rubric) if path]
    for path in texts:
        log_access(path)
    return digest({**told, "templates": [hashed(Path(path)) for path in texts]})


def _relative(name: str, working: Path) -> str:
    return os.path.relpath(working / name, working) if (working / name).exists() else name
