"""Where the file of a local model comes from: a model that promptwire knows by name, or a path."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from promptwire.backends.gguf import Header, read_header
from promptwire.backends.known_models import KNOWN, ModelFile
from promptwire.backends.model_files import fingerprint, locate
from promptwire.errors import UsageError, suggest

__all__ = ["LocalSource", "find_source"]


class LocalSource(Protocol):
    """The file of a local model."""

    @property
    def name(self) -> str:
        """The model's name, as in `--model NAME`."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the file."""

    def header(self) -> Header | None:
        """Header of the file; None when it is not on this machine."""

    def locate(self, say: Callable[[str], None] | None) -> Path:
        """Path of the file, which is fetched when it is missing. Raises ModelUnavailable."""


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file that the user named."""

    name: str
    path: Path

    @property
    def sha256(self) -> str:
        """SHA-256 of the file. Raises ModelUnavailable when it can't be read."""
        return fingerprint(self.path)

    def header(self) -> Header | None:
        """Header of the file. Raises ModelUnavailable when it is no model."""
        return read_header(self.path)

    def locate(self, say: Callable[[str], None] | None) -> Path:
        """The path. Raises ModelUnavailable when it is no model."""
        read_header(self.path)
        return self.path


@dataclass(frozen=True, slots=True)
class KnownFile:
    """The file of a model that promptwire knows."""

    name: str
    model: ModelFile

    @property
    def sha256(self) -> str:
        """SHA-256 of the file: known before it is fetched."""
        return self.model.sha256

    def header(self) -> Header | None:
        """Header of the file; None before it is fetched."""
        return read_header(self.model.path) if self.model.present else None

    def locate(self, say: Callable[[str], None] | None) -> Path:
        """Path of the file, which is fetched when it is missing. Raises ModelUnavailable."""
        return locate(self.model.name, say)


def find_source(name: str) -> LocalSource:
    """The source of the model `name`: `local`, `local:NAME` or `local:FILE.gguf`. Raises UsageError."""
    _, colon, rest = name.partition(":")
    if not colon:
        own = os.environ.get("PROMPTWIRE_MODEL")
        return OwnFile(name, Path(own)) if own else KnownFile(name, KNOWN["local"])
    if rest in KNOWN and rest != "local":
        return KnownFile(name, KNOWN[rest])
    file = Path(rest).expanduser()
    if not rest or not os.path.isfile(file):
        names = [known for known in KNOWN if known != "local"]
        otherwise = (
            f"write local:/path/to/model.gguf, or a model that promptwire fetches: local, local:{', local:'.join(names)}"
        )
        raise UsageError(f"there is no model file {rest!r}", where="--model", hint=suggest(rest, names, otherwise=otherwise))
    return OwnFile(f"local:{file}", file)
