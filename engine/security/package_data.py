"""Folders of the data files that are installed with promptwire."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

__all__ = ["package_folder"]


def package_folder(package: str) -> Path:
    """Return the folder of `pipelines` or `templates`."""
    return Path(str(resources.files(f"promptwire.{package}")))
