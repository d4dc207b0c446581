"""Settings of a run: what it was started with, from whatever its folder still tells."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, get_args

from promptwire.backend import Backend
from promptwire.limits import Budget, Limits
from promptwire.node import Role
from promptwire.options import Options
from promptwire.results.lenient import as_dict, as_text
from promptwire.security.untrusted_numbers import unix_time

__all__ = ["RunSettings", "began_at", "read_settings", "started_with"]

_TEXTS: Final = ("pipeline", "task", "metric", "group", "cache", "version", "fingerprint")
"""Settings that are texts."""
_STAMP: Final = re.compile(r"(\d{8}-\d{6})-(.*)", re.DOTALL)
_PLACE: Final = re.compile(r".*/(?=(?:pipelines|templates)/)")
"""Begin of the path of a shipped file, which differs from one installation to another."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run was started with. A text is empty, and a mapping has no entries, when the folder does not tell."""

    pipeline: str = ""
    """Pipeline: a shipped name or a path."""
    task: str = ""
    """Task: a shipped name or a path."""
    metric: str = ""
    """Name of the metric."""
    seed: int | None = None
    """Random seed; None when the folder does not tell."""
    repeats: int = 1
    """Answers per held-out example in the final comparison."""
    group: str = ""
    """Column that names the group of an example; empty for examples that are independent."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Model by role."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Params set by `-p`."""
    patches: Mapping[str, str] = field(default_factory=dict)
    """Patches set by `--set`."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Values that replaced keys of the task file."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Budgets in force: those of the options and of the pipeline."""
    cache: str = ""
    """Cache policy."""
    version: str = ""
    """Version of promptwire."""
    fingerprint: str = ""
    """Hash of the task's content."""
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each file that was read, by its name: a shipped file's begins with `pipelines/` or `templates/`."""

    def flat(self) -> dict[str, str]:
        """Return all settings as texts by a name such as `models.task`, to compare them with those of another run."""
        found: dict[str, str] = {}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if isinstance(value, Mapping):
                found.update({f"{name}.{key}": str(one) for key, one in value.items()})
            elif value not in ("", None):
                found[name] = str(value)
        return found


def started_with(
    pipeline: str,
    task: str,
    options: Options,
    *,
    models: Mapping[Role, Backend],
    metric: str,
    limits: Limits,
    task_fingerprint: str,
    group: str | None = None,
) -> dict[str, Any]:
    """Return as JSON values what a run is started with, for its record; `read_settings` reads them."""
    budgets = {name: value for name in get_args(Budget) if (value := getattr(limits, name)) is not None}
    return {
        "version": version("promptwire"),
        "pipeline": pipeline,
        "task": task,
        "metric": metric,
        "seed": options.seed,
        "repeats": options.repeats,
        "group": group or "",
        "models": {role: model.name for role, model in models.items()},
        "params": dict(options.params),
        "patches": dict(options.patches),
        "changes": json.loads(json.dumps(dict(options.task), default=str)),
        "limits": budgets,
        "cache": options.cache,
        "fingerprint": task_fingerprint,
    }


def read_settings(
    record: Mapping[str, Any] | None, origin: Mapping[str, Any] | None, report: Mapping[str, Any] | None
) -> RunSettings:
    """Return the settings in the contents of state.json, run.json and report.json; None stands for a file that is missing."""
    known = {**(report or {}), **(origin or {}), **(record or {})}
    models = {role: one.get("name") if isinstance(one, dict) else one for role, one in as_dict(known.get("models")).items()}
    seed, repeats = known.get("seed"), known.get("repeats")
    return RunSettings(
        **{
            name: as_text(known.get(name))
            for name in ("pipeline", "task", "metric", "cache", "version", "fingerprint", "group")
        },
        seed=seed if type(seed) is int else None,
        repeats=repeats if type(repeats) is int else 1,
        models={role: as_text(name) for role, name in models.items()},
        params=_texts(known.get("params")),
        patches=_texts(known.get("patches")),
        changes=as_dict(known.get("changes")),
        limits=as_dict(known.get("limits")),
        files={_PLACE.sub("", name.replace("\\", "/")): sha for name, sha in _texts(known.get("files")).items()},
    )


def began_at(folder: Path, record: Mapping[str, Any] | None) -> float | None:
    """Return the Unix time at which the run began: from its record, or from its name in earlier versions. None if unknown."""
    known = unix_time((record or {}).get("began"))
    if known:
        return known
    stamp = _STAMP.fullmatch(folder.name)
    try:
        return time.mktime(time.strptime(stamp[1], "%Y%m%d-%H%M%S")) if stamp else None
    except (ValueError, OverflowError):
        return None


def _texts(value: Any) -> dict[str, str]:
    return {name: as_text(one) for name, one in as_dict(value).items()}
