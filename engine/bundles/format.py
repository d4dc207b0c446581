"""Format of a bundle, and its checks on reading.

A bundle is text with one JSON object a line: a manifest, the user's own files, the shipped files, the completions, an end. It
may be compressed with gzip. A file's name is the only path in it. A bundle is untrusted input: lines have a longest length, a
compressed bundle has a largest size, names must stay inside the bundle's folder, and any violation is one RunError with its
line.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, ClassVar, Final, Literal

from pydantic import Field, ValidationError

from promptwire.bundles.files import safe_path
from promptwire.cache.jsonl import read_line
from promptwire.cache.maintenance import CacheEntry
from promptwire.cache.record import LARGEST
from promptwire.errors import RunError
from promptwire.results.provenance import Provenance
from promptwire.results.report import Report
from promptwire.security.untrusted_json import read_json
from promptwire.values import Model

__all__ = ["LARGEST", "End", "Manifest", "OwnFile", "ShippedFile", "read_lines"]

_MOST_FILES: Final = 1000
_MOST_BYTES: Final = 256 * 2**20
_GZIP: Final = b"\x1f\x8b"
"""First bytes of a compressed file."""


class Manifest(Model):
    """First line of a bundle."""

    called: ClassVar[str] = "a bundle's first line"

    promptwire: Literal["bundle"]
    """Kind of this file."""
    version: Literal[1]
    """Version of the format."""
    origin: Provenance
    """Provenance of the run. Its files and its working folder are relative to the bundle's root."""
    shipped: Mapping[str, str]
    """SHA-256 of the shipped files that the run read, such as `pipelines/ape.yaml`. Lines of the bundle hold their texts, so
    that later versions replay it. Bundles of version 0.1 do not, nor bundles without data the examples of a shipped task."""
    withheld: int = Field(default=0, ge=0)
    """Number of files with the task's examples that the bundle does not hold. Then a replay needs the task."""
    report: Report
    """Report of the run."""


class OwnFile(Model):
    """Line with one of the user's own files."""

    file: str = Field(min_length=1)
    """Name, relative to the bundle's root."""
    text: str
    """Text of the file."""


class ShippedFile(Model):
    """Line with a shipped file that the run read."""

    shipped: str = Field(min_length=1)
    """Name, as in the manifest."""
    text: str
    """Text of the file."""


class End(Model):
    """Last line. Without it the bundle is cut off."""

    end: int
    """Number of lines before it."""


def read_lines(source: Path) -> Iterator[Manifest | OwnFile | ShippedFile | CacheEntry]:
    """Read the lines of the bundle `source`, the manifest first. Raises RunError at the first invalid line."""
    number, files, size, total, ended = 0, 0, 0, 0, False
    try:
        with source.open("rb") as raw, _unpacked(raw) as file:
            for number, line in enumerate(iter(lambda: file.readline(LARGEST + 1), b""), 1):
                where = f"{source}:{number}"
                if len(line) > LARGEST or ended:
                    raise RunError("this line is too long" if not ended else "there are lines after the end", where=where)
                total += len(line)
                if total > _MOST_BYTES and file is not raw:
                    raise RunError("the compressed bundle holds too much", where=where)
                found = _read(line, number, where)
                if isinstance(found, End):
                    ended = True
                    continue
                if isinstance(found, OwnFile | ShippedFile):
                    files, size = files + 1, size + len(line)
                    if files > _MOST_FILES or size > _MOST_BYTES:
                        raise RunError("the bundle holds too many or too large files", where=where)
                yield found
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise RunError("the bundle is cut off or damaged: it can't be decompressed", where=str(source)) from error
    except OSError as error:
        raise RunError(f"can't be read: {error.strerror}", where=str(source)) from error
    if not ended:
        raise RunError("the bundle is cut off: its end is missing", where=str(source))


def _unpacked(raw: IO[bytes]) -> IO[bytes]:
    """The bundle's text: `raw` itself, or what is compressed in it."""
    start = raw.read(len(_GZIP))
    raw.seek(0)
    return gzip.open(raw) if start == _GZIP else raw  # type: ignore[return-value]


def _read(line: bytes, number: int, where: str) -> Manifest | OwnFile | ShippedFile | CacheEntry | End:
    try:
        data: Any = read_json(line)
        if not isinstance(data, dict):
            raise TypeError("not a JSON object")
        if number == 1:
            return Manifest.model_validate(data)
        if "end" in data:
            end = End.model_validate(data)
            if end.end != number - 1:
                raise ValueError("lines are missing before the end")
            return end
        if "file" in data:
            own = OwnFile.model_validate(data)
            safe_path(own.file, where)
            return own
        if "shipped" in data:
            given = ShippedFile.model_validate(data)
            safe_path(given.shipped, where)
            return given
        row = read_line(line.decode("utf-8"))
        if row is None:
            raise ValueError("neither a file nor a completion")
        return row
    except (ValidationError, ValueError, TypeError) as error:
        what = "this is not a bundle" if number == 1 else "this is not a line of a bundle"
        detail = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise RunError(f"{what}: {detail[:200]}", where=where, hint="write a bundle with `promptwire bundle RUN`") from error
