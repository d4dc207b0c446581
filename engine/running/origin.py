"""Where a run came from: what was asked for, by which models, and the files it read with their hashes.

It is what `promptwire bundle` needs to make the run again elsewhere. No address and no key is in it: a model is named by its
identity, which holds neither password nor key.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar

from promptwire.errors import RunError
from promptwire.models.recorded import Portrait
from promptwire.node import Role
from promptwire.options import Options
from promptwire.redact import redact
from promptwire.request import Backend
from promptwire.values import Model

__all__ = ["Origin", "hashed"]


class Origin(Model):
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
    models: Mapping[Role, Portrait]
    """The models by role."""
    working: str
    """The working folder."""
    files: Mapping[str, str]
    """SHA-256 of each file that was read, by its absolute path."""

    @classmethod
    def of(
        cls, pipeline: str, task: str, options: Options, *, models: Mapping[Role, Backend], seen: Collection[Path]
    ) -> Origin:
        """The origin of a run that is over. Raises RunError when a file that it read has gone."""
        return cls(
            pipeline=_relative(pipeline),
            task=_relative(task),
            seed=options.seed,
            params=options.params,
            patches=options.patches,
            changes=options.task,
            models={role: Portrait.of(backend) for role, backend in models.items()},
            working=os.getcwd(),
            files={str(path): hashed(path) for path in sorted(seen) if path.is_file()},
        )

    def text(self) -> str:
        """As JSON, without the secrets of the environment."""
        return redact(json.dumps(self.model_dump(mode="json"), indent=1)) + "\n"


def hashed(path: Path) -> str:
    """The SHA-256 of the file at `path`. Raises RunError when it can't be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise RunError(f"can't be read: {error.strerror}", where=str(path)) from error


def _relative(name: str) -> str:
    return os.path.relpath(name) if Path(name).exists() else name
