"""Writes the task file at once: under its name there is the whole file, or what was there before."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from promptwire.errors import UsageError

__all__ = ["refuse_existing", "write_task"]


def refuse_existing(file: Path, *, force: bool) -> None:
    """Raise UsageError when `file` exists and may not be replaced."""
    if file.is_dir() or (os.path.lexists(file) and not force):
        hint = "--force replaces it, --out FILE writes another one, --dry-run only shows it"
        raise UsageError("there is a task file already" if file.is_file() else "it exists", where=str(file), hint=hint)


def write_task(file: Path, text: str, *, force: bool) -> None:
    """Write `text` to `file`. Raises UsageError when it can't be written, or exists and `force` is not given."""
    refuse_existing(file, force=force)
    folder, name = file.parent, ""
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, prefix=f".{file.name}.", delete=False) as temporary:
            name = temporary.name
            temporary.write(text)
        Path(name).chmod(0o666 & ~_umask())
        if force:
            os.replace(name, file)
        else:
            os.link(name, file)  # unlike a rename, it never replaces a file that appeared meanwhile
    except FileExistsError:
        refuse_existing(file, force=False)
    except OSError as error:
        raise UsageError(f"can't be written: {error.strerror}", where=str(file), hint="name another one: --out FILE") from error
    finally:
        if name:
            Path(name).unlink(missing_ok=True)


def _umask() -> int:
    """The bits that new files of this process don't get."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
