"""File access log: the files that a run reads because a pipeline, a task or the user named them.

Code that opens such a file calls `log_access` first. A run stores the log with its provenance. The replay of a bundle allows
only the bundle's own files and shipped files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from promptwire.errors import UsageError
from promptwire.security.path_sandbox import real_path

__all__ = ["FileAccessLog", "log_access"]


@dataclass(slots=True)
class FileAccessLog:
    """Log of the files that are opened while it records."""

    allowed: Sequence[Path] | None = None
    """Folders in which files may be opened; None allows all."""
    seen: set[Path] = field(default_factory=set)
    """Absolute paths of the files that were opened."""
    data: set[Path] = field(default_factory=set)
    """Those of them that hold examples."""

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record until the block ends, including in tasks that it starts."""
        token = _ACTIVE.set(self)
        try:
            yield
        finally:
            _ACTIVE.reset(token)


_ACTIVE: ContextVar[FileAccessLog | None] = ContextVar("promptwire_access_log", default=None)


def log_access(path: str | Path, *, data: bool = False) -> None:
    """Log that the file at `path` is about to be opened; `data` marks examples. Raises UsageError when it is not allowed."""
    log = _ACTIVE.get()
    if log is None:
        return
    whole = Path(path).absolute()
    if whole in log.seen:
        return
    if log.allowed is not None and not any(real_path(whole).is_relative_to(real_path(folder)) for folder in log.allowed):
        raise UsageError("a bundle names a file outside of itself", where=str(path), hint="don't trust this bundle")
    log.seen.add(whole)
    if data:
        log.data.add(whole)
