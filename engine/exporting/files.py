"""Files of an export: where they go, written as a whole or not at all, and read back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from promptwire.errors import RunError, UsageError
from promptwire.security.secrets import holds_secret

__all__ = ["default_target", "read_files", "write_files"]


def default_target(name: str, out: str | None, files: Iterable[str], *, folder: bool) -> Path:
    """Where an export goes: `name` in the working folder, or `out`. A single file may be put into an existing folder."""
    if out is None:
        return Path(name)
    path = Path(out)
    if folder or not (out.endswith(("/", os.sep)) or os.path.isdir(path)):
        return path
    return path / name


def write_files(target: Path, files: Mapping[str, str], *, folder: bool, force: bool) -> tuple[Path, ...]:
    """Write `files` into the folder `target`, or the one file there is to the file `target`; return their paths.

    All are complete or none is there. Raises UsageError for a file that exists already without `force`, RunError for one that
    can't be written or that would hold a secret of the environment.
    """
    paths = {_path(target, name, folder=folder): text for name, text in files.items()}
    _refuse_what_is_no_file(target, paths, folder=folder)
    if held := next((path for path, text in paths.items() if holds_secret(text)), None):
        hint = "the prompt or an example holds the value of a variable named like a key; remove it there"
        raise RunError("the export would hold a secret of your environment", where=str(held), hint=hint)
    if not force and (there := next((path for path in paths if os.path.lexists(path)), None)):
        raise UsageError("this file exists already", where=str(there), hint="--force replaces it, --out PATH names another")
    goals = {path: Path(os.path.realpath(path)) for path in paths}  # a link stays, and the file that it names is written
    parts = {path: goal.with_name(f".{goal.name[:100]}.{token_hex(4)}.part") for path, goal in goals.items()}
    try:
        for path, text in paths.items():
            parts[path].parent.mkdir(parents=True, exist_ok=True)
            parts[path].write_bytes(text.encode("utf-8"))
        for path, part in parts.items():
            part.replace(goals[path])
    except UnicodeEncodeError as error:
        problem = "a text holds half a character (a lone surrogate), which no file of UTF-8 can"
        raise RunError(problem, where=str(target)) from error
    except OSError as error:
        raise RunError(
            f"can't be written: {error.strerror or error}", where=str(target), hint="--out PATH names another"
        ) from error
    finally:
        for part in parts.values():
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return tuple(paths)


def _refuse_what_is_no_file(target: Path, paths: Iterable[Path], *, folder: bool) -> None:
    """Raise UsageError for a folder, a device or a pipe in the place of a file, and for a file in that of the folder.

    These are not replaced with `force` either: a device such as /dev/stdout would be gone for all.
    """
    if str(target) == "-":
        raise UsageError("an export is written into a file, not to the terminal", where="--out", hint="--out PATH names a file")
    if folder and os.path.lexists(target) and not os.path.isdir(target):
        raise UsageError(
            "this is no folder, and the form has several files", where=str(target), hint="--out PATH names a folder"
        )
    for path in paths:
        if os.path.exists(path) and not os.path.isfile(path):
            raise UsageError("this exists and is no file", where=str(path), hint="--out PATH names another")


def read_files(target: Path, names: Iterable[str], *, folder: bool) -> dict[str, str]:
    """Read the files back, by their names. Raises RunError for one that can't be read."""
    found: dict[str, str] = {}
    for name in names:
        path = _path(target, name, folder=folder)
        try:
            found[name] = path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"can't be read: {error}", where=str(path)) from error
    return found


def _path(target: Path, name: str, *, folder: bool) -> Path:
    return target / name if folder else target
