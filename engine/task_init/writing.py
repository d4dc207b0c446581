"""Writes a task file and the files beside it: under each name there is the whole file, or what was there before."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from promptwire.errors import UsageError
from promptwire.task_init.drafted import Draft

__all__ = ["refuse_existing", "write_task"]


def refuse_existing(file: Path, *, force: bool) -> None:
    """Raise UsageError when `file` exists and may not be replaced."""
    if os.path.isdir(file) or (os.path.lexists(file) and not force):
        hint = "--force replaces it, --out FILE writes another one, --dry-run only shows it"
        raise UsageError(
            "there is such a file already" if not os.path.isdir(file) else "this is a folder", where=str(file), hint=hint
        )


def write_task(draft: Draft, *, force: bool) -> None:
    """Write the task file, after the files beside it. Raises UsageError, and leaves nothing, when one can't be written.

    Files that exist are replaced only with `force`.
    """
    texts = {**{draft.file.parent / name: text for name, text in draft.beside.items()}, draft.file: draft.text}
    texts = {file: text for file, text in texts.items() if not _holds(file, text)}
    for file in texts:
        refuse_existing(file, force=force)
    written: list[Path] = []
    try:
        for file, text in texts.items():
            existed = os.path.lexists(file)
            _write(file, text, force=force)
            written += [] if existed else [file]
    except UsageError:
        for file in written:
            file.unlink(missing_ok=True)
        raise


def _holds(file: Path, text: str) -> bool:
    """Whether `file` is this text already, such as a program of the configuration that stays where it is."""
    try:
        return os.path.isfile(file) and file.read_bytes().decode("utf-8-sig") == text
    except (OSError, UnicodeDecodeError):
        return False


def _write(file: Path, text: str, *, force: bool) -> None:
    temporary = ""
    try:
        with tempfile.NamedTemporaryFile("wb", dir=file.parent, prefix=f".{file.name[:100]}.", delete=False) as one:
            temporary = one.name
            one.write(text.encode("utf-8"))
        Path(temporary).chmod(0o666 & ~_umask())
        if force:
            os.replace(temporary, file)
        else:
            os.link(temporary, file)  # unlike a rename, it never replaces a file that appeared meanwhile
    except FileExistsError:
        refuse_existing(file, force=False)
    except OSError as error:
        hint = "name another one: --out FILE"
        raise UsageError(f"can't be written: {error.strerror}", where=str(file), hint=hint) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def _umask() -> int:
    """The bits that new files of this process don't get."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
