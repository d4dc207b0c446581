"""Free memory of this machine, or of the container that the process is in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

__all__ = ["free_memory"]

_GROUPS: Final = Path("/sys/fs/cgroup")


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
