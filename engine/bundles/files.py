"""Files that travel: their names inside a bundle or a parcel, and the shipped files among them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from promptwire.errors import RunError
from promptwire.results.provenance import hashed
from promptwire.security import package_data

__all__ = ["Layout", "installed", "safe_path", "shipped_name", "shipped_path", "write_text"]

_LONGEST_NAME: Final = 1000
_DEEPEST: Final = 32
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f\\:*?\"<>|]{1,200}")


def safe_path(name: str, where: str = "", *, what: str = "bundle") -> PurePosixPath:
    """Make `name` a path inside the bundle, or inside what else travels.

    Raises RunError for a name that leads out of it or that some operating system reads differently.
    """
    parts = name.split("/")
    if len(name) > _LONGEST_NAME or len(parts) > _DEEPEST or not _encodable(name):
        hint = f"a name has at most {_LONGEST_NAME} characters and {_DEEPEST} folders"
        raise RunError(f"invalid file name in the {what}: {name[:100]!r}", where=where, hint=hint)
    if any(part in ("", ".", "..") or part.endswith((".", " ")) or not _NAME.fullmatch(part) for part in parts):
        raise RunError(f"invalid file name in the {what}: {name[:100]!r}", where=where, hint=f"don't trust this {what}")
    return PurePosixPath(*parts)


def _encodable(name: str) -> bool:
    """Whether `name` is valid UTF-8. Half of a surrogate pair is not."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def shipped_name(path: Path) -> str | None:
    """Name of the shipped file at `path`, such as `pipelines/ape.yaml`; None for any other file."""
    for package in package_data.PACKAGES:
        root = package_data.package_folder(package)
        if path.is_relative_to(root):
            return f"{package}/{path.relative_to(root).as_posix()}"
    return None


def shipped_path(name: str, *, what: str = "bundle") -> PurePosixPath:
    """Return the relative path of the shipped file `name`. Raises RunError when it is none."""
    if name.partition("/")[0] not in package_data.PACKAGES:
        raise RunError(f"{name[:100]!r} is not a shipped file", hint=f"don't trust this {what}")
    return safe_path(name, what=what)


def installed(name: str, sha: str, *, what: str = "bundle") -> Path | None:
    """Return the installed file `name`; None if there is none with this SHA-256. Raises RunError when it is no shipped file."""
    package, *rest = shipped_path(name, what=what).parts
    path = package_data.package_folder(package).joinpath(*rest)
    return path if os.path.isfile(path) and hashed(path) == sha else None


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, with its folders and the same line ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")


@dataclass(frozen=True, slots=True)
class Layout:
    """Places of a user's own files relative to the deepest folder that holds all of them and the working folder."""

    top: Path
    """That folder."""
    working: Path
    """The working folder."""

    @classmethod
    def of(cls, working: Path, files: Iterable[Path]) -> Layout:
        """Make the layout of `files` and the folder `working`."""
        return cls(Path(os.path.commonpath([working, *files])), working)

    @property
    def working_name(self) -> str:
        """Name of the working folder; `.` for the top folder."""
        return self.working.relative_to(self.top).as_posix()

    def name(self, path: Path, *, what: str = "bundle") -> str:
        """Name of the file at `path`. Raises RunError when it can't travel under it."""
        return str(safe_path(path.relative_to(self.top).as_posix(), what=what))
