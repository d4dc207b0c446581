"""Where the file of a local model comes from: a model that promptwire knows by name, a file of a hub, or a path."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from promptwire.backends.gguf import Header, read_header
from promptwire.backends.known_models import KNOWN, ModelFile
from promptwire.backends.model_files import fetch_from_hub, fingerprint, is_hub, locate
from promptwire.backends.model_hub import HubFile, hub_metadata
from promptwire.errors import ModelUnavailable, UsageError, suggest

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


@dataclass(frozen=True, slots=True)
class HubModel:
    """A file of a hub. Without a commit, its revision is looked up once, when it is fetched."""

    name: str
    file: HubFile

    @property
    def sha256(self) -> str:
        """SHA-256 of the file. Before it is fetched, the hub is asked for it. Raises ModelUnavailable."""
        if self.file.path.is_file():
            return fingerprint(self.file.path)
        known = _hub_hash(self.file)
        if not known:
            hint = f"fetch it first: promptwire models --fetch local:hf:{self.file}"
            raise ModelUnavailable("the hub does not say the file's SHA-256", where=self.name, hint=hint)
        return known

    def header(self) -> Header | None:
        """Header of the file; None before it is fetched."""
        return read_header(self.file.path) if self.file.path.is_file() else None

    def locate(self, say: Callable[[str], None] | None) -> Path:
        """Path of the file, which is fetched when it is missing. Raises ModelUnavailable."""
        path = self.file.path if self.file.path.is_file() else fetch_from_hub(self.file, say)
        read_header(path)
        return path


@lru_cache(maxsize=16)
def _hub_hash(file: HubFile) -> str:
    return hub_metadata(file).sha256


def find_source(name: str) -> LocalSource:
    """The source of a local model: `local`, `local:NAME`, `local:FILE.gguf` or `local:hf:...`. Raises UsageError."""
    _, colon, rest = name.partition(":")
    if not colon:
        own = os.environ.get("PROMPTWIRE_MODEL")
        return OwnFile(name, Path(own)) if own else KnownFile(name, KNOWN["local"])
    if rest in KNOWN and rest != "local":
        return KnownFile(name, KNOWN[rest])
    if is_hub(rest):
        file = HubFile.parsed(rest)
        return HubModel(f"local:hf:{file}", file)
    path = Path(rest).expanduser()
    if not rest or not os.path.isfile(path):
        names = [known for known in KNOWN if known != "local"]
        otherwise = (
            f"write local:/path/to/model.gguf, or a model that promptwire fetches: local, local:{', local:'.join(names)}"
        )
        raise UsageError(f"there is no model file {rest!r}", where="--model", hint=suggest(rest, names, otherwise=otherwise))
    return OwnFile(f"local:{path}", path)
