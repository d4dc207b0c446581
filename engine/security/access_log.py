"""Which files a run reads because a pipeline, a task or the user named them, and a fence around a stranger's.

Whoever opens such a file says so here first. A run notes them for its record; the replay of a bundle allows no file beyond
the bundle's own and those that are shipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from promptwire.errors import UsageError

__all__ = ["FileAccessLog", "log_access"]


@dataclass(slots=True)
class FileAccessLog:
    """Sees what is opened while it watches."""

    fence: Sequence[Path] | None = None
    """The folders in which files may be opened; None for no fence."""
    seen: set[Path] = field(default_factory=set)
    """Absolute paths of the files that were opened."""
    data: set[Path] = field(default_factory=set)
    """Those among them that hold examples."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch until the block ends, in all tasks that it starts."""
        token = _WATCHING.set(self)
        try:
            yield
        finally:
            _WATCHING.reset(token)


_WATCHING: ContextVar[FileAccessLog | None] = ContextVar("promptwire_witness", default=None)


def log_access(path: str | Path, *, data: bool = False) -> None:
    """Say that the file at `path`, of examples with `data`, is about to be opened. Raises UsageError at a fence."""
    witness = _WATCHING.get()
    if witness is None:
        return
    whole = Path(path).absolute()
    if whole in witness.seen:
        return
    if witness.fence is not None and not any(whole.resolve().is_relative_to(folder.resolve()) for folder in witness.fence):
        raise UsageError("a bundle names a file outside of itself", where=str(path), hint="don't trust this bundle")
    witness.seen.add(whole)
    if data:
        witness.data.add(whole)
