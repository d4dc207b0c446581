"""Where cells run on Dask, from the words of `--on`."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from promptwire.errors import UsageError
from promptwire.security.secrets import hide_credentials

__all__ = ["Wanted", "parse_where"]

_LOCAL: Final = "local"
_MOST_LOCAL: Final = 512
_ADDRESS: Final = re.compile(r"(tcp|tls|wss?|ucxx?)://([^\s/@:\[\]]+|\[[0-9A-Za-z:.%]+\]):[0-9]{1,5}")
_EXAMPLES: Final = "write local, local:4, tcp://HOST:8786, or the scheduler's file"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where cells are to run: workers started on this machine, or a scheduler that runs already."""

    workers: int = 0
    """Number of workers to start on this machine; 0 for another scheduler."""
    address: str = ""
    """Address of the scheduler."""

    @property
    def shown(self) -> str:
        """The place for people, without a password."""
        workers = "1 worker" if self.workers == 1 else f"{self.workers} workers"
        return f"{workers} on this machine" if self.workers else hide_credentials(self.address)


def parse_where(text: str) -> Wanted:
    """Read `local`, `local:N`, an address, or the name of a scheduler file. Raises UsageError."""
    word, colon, rest = text.partition(":")
    if word == _LOCAL:
        count = rest if colon else str(os.cpu_count() or 1)
        if not count.isascii() or not count.isdigit() or not 1 <= int(count[:9]) <= _MOST_LOCAL:
            hint = f"write a number of workers from 1 to {_MOST_LOCAL}, such as local:4"
            raise UsageError(f"{text[:100]!r} is no number of workers", where="--on", hint=hint)
        return Wanted(workers=int(count))
    if "://" in text:
        return Wanted(address=_checked(text))
    try:
        found = json.loads(Path(text).read_text(encoding="utf-8"))["address"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = "there is no such scheduler file" if isinstance(error, OSError) else "this is no scheduler file"
        raise UsageError(f"{why}: {text[:200]!r}", where="--on", hint=_EXAMPLES) from error
    return Wanted(address=_checked(str(found)))


def _checked(address: str) -> str:
    """`address` if it has the form of a scheduler's. Raises UsageError for others, which Dask fails on without an end."""
    if not _ADDRESS.fullmatch(address):
        hint = "it has a scheme, a host and a port, without user or password: tcp://HOST:8786 or tls://HOST:8786"
        raise UsageError(f"{hide_credentials(address)[:200]!r} is no address of a scheduler", where="--on", hint=hint)
    return address
