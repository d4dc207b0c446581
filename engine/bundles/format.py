"""The lines of a bundle, and what is refused in one.

A bundle is text, one JSON object a line: a manifest, the user's own files, the answers, an end. There is nothing to unpack,
so nothing can grow, and a file's name is the only path in it. It comes from a stranger: every line has a longest length, every
name must stay inside, and whatever does not fit is one RunError with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Final, Literal

from pydantic import Field, ValidationError

from promptwire.cache.jsonl import read_line
from promptwire.cache.maintenance import CacheEntry
from promptwire.cache.record import LARGEST
from promptwire.errors import RunError
from promptwire.results.provenance import Provenance
from promptwire.results.report import Report
from promptwire.security.untrusted_json import read_json
from promptwire.values import Model

__all__ = ["LARGEST", "End", "Manifest", "OwnFile", "lines_of", "safe"]

_MOST_FILES: Final = 1000
_MOST_BYTES: Final = 256 * 2**20
_LONGEST_NAME: Final = 1000
_DEEPEST: Final = 32
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f\\:*?\"<>|]{1,200}")


class Manifest(Model):
    """The first line."""

    called: ClassVar[str] = "a bundle's first line"

    promptwire: Literal["bundle"]
    """What this file is."""
    version: Literal[1]
    """Version of the format."""
    origin: Provenance
    """What was run; its files and its working folder are named from the bundle's root."""
    shipped: Mapping[str, str]
    """SHA-256 of the shipped files that were read, such as `pipelines/ape.yaml`: they are not in the bundle."""
    withheld: int = Field(default=0, ge=0)
    """Files with the task's examples that are not in the bundle: a replay must be given the task."""
    report: Report
    """What came of it."""


class OwnFile(Model):
    """A line with one of the user's files."""

    file: str = Field(min_length=1)
    """Its name from the bundle's root."""
    text: str
    """Its text."""


class End(Model):
    """The last line: without it the bundle is cut off."""

    end: int
    """Number of lines before it."""


def safe(name: str, where: str = "") -> PurePosixPath:
    """`name` as a path inside the bundle. Raises RunError for one that leads out or that some system reads otherwise."""
    parts = name.split("/")
    if len(name) > _LONGEST_NAME or len(parts) > _DEEPEST or not _encodable(name):
        hint = f"a name has at most {_LONGEST_NAME} characters and {_DEEPEST} folders"
        raise RunError(f"{name[:100]!r} is no name of a file in a bundle", where=where, hint=hint)
    if any(part in ("", ".", "..") or part.endswith((".", " ")) or not _NAME.fullmatch(part) for part in parts):
        raise RunError(f"{name[:100]!r} is no name of a file in a bundle", where=where, hint="don't trust this bundle")
    return PurePosixPath(*parts)


def _encodable(name: str) -> bool:
    """Whether `name` is text that a file system can hold: half a character is not."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def lines_of(source: Path) -> Iterator[Manifest | OwnFile | CacheEntry]:
    """What the lines of the bundle `source` hold, the manifest first. Raises RunError at the first line that does not fit."""
    number, files, size, ended = 0, 0, 0, False
    try:
        with source.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LARGEST + 1), b""), 1):
                where = f"{source}:{number}"
                if len(line) > LARGEST or ended:
                    raise RunError("this line is too long" if not ended else "there is more after the end", where=where)
                found = _read(line, number, where)
                if isinstance(found, End):
                    ended = True
                    continue
                if isinstance(found, OwnFile):
                    files, size = files + 1, size + len(line)
                    if files > _MOST_FILES or size > _MOST_BYTES:
                        raise RunError("the bundle holds more files than a run reads", where=where)
                yield found
    except OSError as error:
        raise RunError(f"can't be read: {error.strerror}", where=str(source)) from error
    if not ended:
        raise RunError("this is no whole bundle: its end is missing", where=str(source))


def _read(line: bytes, number: int, where: str) -> Manifest | OwnFile | CacheEntry | End:
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
            safe(own.file, where)
            return own
        row = read_line(line.decode("utf-8"))
        if row is None:
            raise ValueError("neither a file nor an answer")
        return row
    except (ValidationError, ValueError, TypeError) as error:
        what = "is no bundle" if number == 1 else "is no line of a bundle"
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise RunError(f"this {what}: {said[:200]}", where=where, hint="`promptwire bundle RUN` makes one") from error
