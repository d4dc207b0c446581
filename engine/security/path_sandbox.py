"""Path sandbox: which files a pipeline or task file may name."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from promptwire.security import package_data

__all__ = ["REMEDY", "reachable"]


_ALLOW: Final = "PROMPTWIRE_ALLOW"


REMEDY: Final = f"or, if you trust the file that names it, allow its folder: {_ALLOW}=FOLDER"
"""Hint for a file outside of the sandbox."""


def reachable(path: Path, folders: Iterable[Path]) -> bool:
    """Whether a file that lies in one of the `folders` may name `path`."""
    whole = Path(os.path.abspath(path))
    # Compared by name, without resolving links: installers link the files of a package from elsewhere.
    if any(whole.is_relative_to(os.path.abspath(package_data.package_folder(folder))) for folder in ("pipelines", "templates")):
        return True
    real = whole.resolve()
    named = any(
        whole.is_relative_to(os.path.abspath(folder)) and real.is_relative_to(Path(folder).resolve()) for folder in folders
    )
    return named or any(real.is_relative_to(folder) for folder in _allowed())


def _allowed() -> list[Path]:
    return [Path(folder).expanduser().resolve() for folder in os.environ.get(_ALLOW, "").split(os.pathsep) if folder]
