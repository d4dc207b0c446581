"""Context length of a local model: what it was trained for, bounded by the memory of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from promptwire.backends.gguf import Header
from promptwire.errors import ModelUnavailable

__all__ = ["choose_context", "free_memory"]

_LONGEST: Final = 8192
"""Longest context by default."""
_LEAST: Final = 512
"""Shortest context by default; with less memory the model is refused."""
_STEP: Final = 256
_GROUPS: Final = Path("/sys/fs/cgroup")
_OVERHEAD: Final = 256_000_000
"""Bytes of a server beside weights and attention cache."""


def choose_context(header: Header, wanted: int | None, *, slots: int = 1, where: str = "") -> int:
    """Context in tokens for a model with this header: `wanted`, else the longest that memory allows up to 8192.

    Raises ModelUnavailable when the model was not trained for it, or when memory is too small.
    """
    trained = header.context or _LONGEST
    if wanted and header.context and wanted > header.context:
        problem = f"a context of {wanted} tokens is more than the model was trained for ({header.context})"
        raise ModelUnavailable(problem, where=where, hint=f"give context={header.context} or less")
    free = free_memory()
    if free is None:
        return wanted or min(trained, _LONGEST)
    least = wanted or min(_LEAST, trained)
    needed = slots * _needed(header, least)
    if needed > free:
        problem = f"too little memory for the model: it needs {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free"
        hint = "free some memory, use fewer slots or a shorter context, or use a smaller model"
        raise ModelUnavailable(problem, where=where, hint=hint)
    room = (free // slots - _needed(header, 0)) // max(header.token_bytes, 1)
    return wanted or max(least, min(trained, _LONGEST, room // _STEP * _STEP))


def _needed(header: Header, context: int) -> int:
    """Bytes of memory of a server with this context."""
    return header.size + _OVERHEAD + context * header.token_bytes


def free_memory() -> int | None:
    """Bytes of memory that a new process can use here; None where the system does not say."""
    found = [size for size in (_system(), _control_group()) if size is not None]
    return min(found, default=None)


def _system() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)
    except (OSError, ValueError, IndexError):
        return _physical()


def _physical() -> int | None:
    """All memory of the machine, where the free part is not known."""
    read: Callable[[str], int] | None = getattr(os, "sysconf", None)
    try:
        return read("SC_PHYS_PAGES") * read("SC_PAGE_SIZE") if read else None
    except (OSError, ValueError):
        return None


def _control_group() -> int | None:
    """What is left of the limit of a Linux container. Cached files count as free: the kernel drops them."""
    for most, used, cached in (
        ("memory.max", "memory.current", ("active_file", "inactive_file")),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", ("total_active_file", "total_inactive_file")),
    ):
        try:
            limit = int((_GROUPS / most).read_text(encoding="ascii"))
            stat = (_GROUPS / most).with_name("memory.stat").read_text(encoding="ascii").splitlines()
            files = sum(int(line.split()[1]) for line in stat if line.split()[0] in cached)
            return max(0, limit - int((_GROUPS / used).read_text(encoding="ascii")) + files)
        except (OSError, ValueError, IndexError):
            continue
    return None
