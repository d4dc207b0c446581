"""Shipped pipelines, tasks and templates, by name.

They are read through importlib.resources, which works in a wheel, an editable install and a checkout.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from promptwire.errors import UsageError, suggest
from promptwire.security.package_data import package_folder

__all__ = ["pipeline_path", "pipelines", "task_path", "tasks", "template_path", "templates"]


def pipelines() -> tuple[str, ...]:
    """Names of the shipped pipelines."""
    return _names(package_folder("pipelines"), "*.yaml", ".yaml")


def tasks() -> tuple[str, ...]:
    """Names of the shipped tasks."""
    return _names(package_folder("pipelines") / "tasks", "*.yaml", ".yaml")


def templates() -> tuple[str, ...]:
    """Names of the shipped templates, such as `ape/forward.j2`."""
    return _names(package_folder("templates"), "**/*.j2", "")


def pipeline_path(name: str) -> Path:
    """Path of the shipped pipeline `name`, such as `ape`. Raises UsageError with the nearest name."""
    return package_folder("pipelines") / f"{_known(name, pipelines(), 'pipeline')}.yaml"


def task_path(name: str) -> Path:
    """Path of the shipped task `name`, such as `plural`. Raises UsageError with the nearest name."""
    return package_folder("pipelines") / "tasks" / f"{_known(name, tasks(), 'task')}.yaml"


def template_path(name: str) -> Path:
    """Path of the shipped template `name`, such as `ape/forward.j2`. Raises UsageError with the nearest name."""
    return package_folder("templates").joinpath(*PurePosixPath(_known(name, templates(), "template")).parts)


def _names(folder: Path, pattern: str, suffix: str) -> tuple[str, ...]:
    return tuple(sorted(path.relative_to(folder).as_posix().removesuffix(suffix) for path in folder.glob(pattern)))


def _known(name: str, known: tuple[str, ...], noun: str) -> str:
    # Only a listed name becomes a path, so a name can't leave the folder.
    if name not in known:
        raise UsageError(f"there is no shipped {noun} {name!r}", hint=suggest(name, known, noun=f"{noun}s"))
    return name
