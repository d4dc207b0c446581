"""Backends of a run: one for each role."""

from __future__ import annotations

from typing import get_args

from promptwire.backend import Backend
from promptwire.backends.factory import backend
from promptwire.graph.steps import Graph
from promptwire.limits import Limits
from promptwire.local_settings import LocalSettings, is_local
from promptwire.node import Role
from promptwire.options import Options
from promptwire.running.observer import RunObserver
from promptwire.tasks.task import Task

__all__ = ["role_models"]

_Key = tuple[str, str | None, LocalSettings, bool]
"""Name and address of a model, settings of a local one, and whether the address comes from the environment."""


def role_models(
    options: Options, observer: RunObserver | None, limits: Limits, *, graph: Graph, task: Task
) -> dict[Role, Backend]:
    """The backend of each role; roles with the same model, address and local settings share one. None is open yet."""
    none = LocalSettings()
    local = {role: task.local.get(role, none).over(graph.local.get(role, none)) for role in get_args(Role)}
    keys = {role: _key(options, role, local[role]) for role in get_args(Role)}
    parallel: dict[_Key, int | None] = {}
    for role, key in keys.items():
        most = [options.pace(role, limits.roles).parallel, parallel.get(key)]
        parallel[key] = min((one for one in most if one is not None), default=None)
    made: dict[_Key, Backend] = {}
    for role, key in keys.items():
        if key not in made:
            name, api_base, settings, ambient = key
            made[key] = backend(
                name,
                api_base=api_base,
                parallel=parallel[key],
                timeout=options.timeout,
                role=role,
                local=settings,
                say=observer.say if observer else None,
                ambient=ambient,
            )
    return {role: made[key] for role, key in keys.items()}


def _key(options: Options, role: Role, local: LocalSettings) -> _Key:
    name, api_base = options.model(role)
    return name, api_base, _effective(name, local), api_base != options.named_model(role)[1]


def _effective(name: str, local: LocalSettings) -> LocalSettings:
    """`local` for a local model; none for others, so that roles with the same other model share a backend."""
    return local if is_local(name) else LocalSettings()
