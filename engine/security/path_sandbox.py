"""Path sandbox: which files a pipeline or task file may name."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from promptwire.security import package_data

__all__ = ["REMEDY", "reachable", "real_path", "unusable"]


_ALLOW: Final = "PROMPTWIRE_ALLOW"


REMEDY: Final = f"or, if you trust the file that names it, allow its folder: {_ALLOW}=FOLDER"
"""Hint for a file outside of the sandbox."""


def reachable(path: Path, folders: Iterable[Path]) -> bool:
    """Whether a file that lies in one of the `folders` may name `path`."""
    whole = Path(os.path.abspath(path))
    # Compared by name, without resolving links: installers link the files of a package from elsewhere.
    if any(whole.is_relative_to(os.path.abspath(package_data.package_folder(folder))) for folder in ("pipelines", "templates")):
        return True
    real = real_path(whole)
    named = any(whole.is_relative_to(os.path.abspath(folder)) and real.is_relative_to(real_path(folder)) for folder in folders)
    return named or any(real.is_relative_to(folder) for folder in _allowed())


def real_path(path: Path) -> Path:
    """`path` without links. A loop of links stays as it is: no system can open it."""
    return Path(os.path.realpath(path))  # Path.resolve() raises RuntimeError for a loop


def unusable(path: Path) -> str:
    """Why no system can open a file of this name; empty when one can, or when the file is missing."""
    if "\0" in str(path):
        return "holds a NUL character"
    try:
        os.stat(path)
    except OSError as error:
        return "is a loop of links" if error.errno == errno.ELOOP else ""
    return ""


def _allowed() -> list[Path]:
    return [real_path(Path(os.path.expanduser(folder))) for folder in os.environ.get(_ALLOW, "").split(os.pathsep) if folder]
