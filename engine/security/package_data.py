"""Folders of the data files that are installed with promptwire, or of those that a bundle brings along in their place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import resources
from pathlib import Path

__all__ = ["PACKAGES", "package_folder", "replaced"]

PACKAGES = ("pipelines", "templates")
"""The packages with data files."""

_REPLACED: ContextVar[Path | None] = ContextVar("promptwire_package_data", default=None)


def package_folder(package: str) -> Path:
    """Return the folder of `pipelines` or `templates`."""
    instead = _REPLACED.get()
    return Path(str(resources.files(f"promptwire.{package}"))) if instead is None else instead / package


@contextmanager
def replaced(folder: Path) -> Iterator[None]:
    """Use the folders in `folder` in place of those that are installed, until the block ends."""
    token = _REPLACED.set(folder)
    try:
        yield
    finally:
        _REPLACED.reset(token)
