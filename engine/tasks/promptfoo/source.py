"""The files of a configuration: the YAML of the config, and files that it names in its own folder.

A config is untrusted. It may name files of its folder only, and no code is run: a name that ends like a program is refused.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NoReturn

from promptwire.documents.document import Position, YamlValue, yaml_value_of
from promptwire.documents.document import Source as TextSource
from promptwire.documents.validation_errors import describe
from promptwire.documents.yaml_reader import read_yaml, read_yaml_text
from promptwire.errors import DataError, Location, PipelineError, Problem
from promptwire.security.access_log import log_access
from promptwire.security.path_sandbox import REMEDY, reachable, unusable
from promptwire.security.untrusted_json import read_json
from promptwire.tasks.reading import limits
from promptwire.tasks.reading.source import Source, lines_of

__all__ = ["CODE", "FILE", "Folder", "is_text", "refuse", "text_at"]

FILE: Final = "file://"
CODE: Final = (
    ".js",
    ".cjs",
    ".mjs",
    ".ts",
    ".cts",
    ".mts",
    ".py",
    ".rb",
    ".sh",
    ".bash",
    ".exe",
    ".bat",
    ".cmd",
    ".ps1",
    ".pl",
)
_REMOTE: Final = (
    "http://",
    "https://",
    "huggingface://",
    "az://",
    "s3://",
    "package:",
    "portkey://",
    "langfuse://",
    "helicone://",
)
_GLOB: Final = frozenset("*?[{")
_MOST_FILES: Final = 10_000
_DEEPEST_REFERENCE: Final = 8


def refuse(where: YamlValue | Location, problem: str, hint: str = "") -> NoReturn:
    """Raise the error of something that can't be imported."""
    place = where.location if isinstance(where, YamlValue) else where
    raise PipelineError([Problem("promptfoo", place, problem, hint)])


def is_text(value: YamlValue | None) -> bool:
    """Whether there is a text."""
    return value is not None and isinstance(value.value, str)


def text_at(value: YamlValue, what: str) -> str:
    """The text of `value`; raises PipelineError when it is none."""
    if not isinstance(value.value, str):
        refuse(value, f"{what} is a text, not {describe(value.data())}")
    return value.value


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of a configuration, and the files in it."""

    path: Path
    """The folder."""
    root: YamlValue
    """The configuration, for references such as `#/assertionTemplates/name`."""

    def files(self, name: str, where: YamlValue) -> tuple[Path, ...]:
        """The files that `name` means, which may hold `*`. Raises PipelineError for none, and for one that may not be read."""
        bare = name.removeprefix(FILE)
        if bare.startswith(_REMOTE):
            refuse(
                where, f"{bare[:60]!r} is read from another machine", "download it into the config's folder and name the file"
            )
        if any(bare.split("#")[0].lower().endswith(end) or f"{end}:" in bare.lower() for end in CODE):
            hint = "no code of a config is run: write what it gives into a file, such as CSV or JSON Lines"
            refuse(where, f"{bare[:60]!r} is a program", hint)
        path = self.path / bare
        if why := unusable(path):
            refuse(where, f"{bare[:60]!r} {why}", "name another file")
        if os.path.isfile(path):
            found = [path]
        elif _GLOB & {*bare}:
            found = [Path(one) for each in _braces(str(path)) for one in sorted(glob.glob(each, recursive=True))]
            found = [one for one in dict.fromkeys(found) if one.is_file()]
        else:
            found = []
        if not found:
            refuse(where, f"there is no file {bare[:120]!r}", f"paths count from the folder of the config, {self.path}")
        if len(found) > _MOST_FILES:
            refuse(where, f"{bare[:60]!r} means {len(found):,} files", "name fewer")
        for one in found:
            if not reachable(one, [self.path]):
                refuse(where, f"{bare[:120]!r} leads out of the config's folder", f"copy it there, {REMEDY}")
        return tuple(found)

    def file(self, name: str, where: YamlValue) -> Path:
        """The one file that `name` means."""
        found = self.files(name, where)
        if len(found) > 1:
            refuse(where, f"{name[:60]!r} means {len(found)} files", "name one")
        return found[0]

    def program(self, name: str, where: YamlValue) -> Path:
        """A file of code in the folder. It is copied, never run."""
        path = self.path / name
        if unusable(path) or not os.path.isfile(path):
            refuse(where, f"there is no file {name[:120]!r}", f"paths count from the folder of the config, {self.path}")
        if not reachable(path, [self.path]):
            refuse(where, f"{name[:120]!r} leads out of the config's folder", f"copy it there, {REMEDY}")
        return path

    def text(self, path: Path, where: YamlValue) -> str:
        """The text of a file, as UTF-8."""
        log_access(path, data=True)
        try:
            limits.check_size(path.stat().st_size, limits.MAX_JSON, path)
            return path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            refuse(where, f"{path} can't be read: {error.strerror}")
        except UnicodeDecodeError as error:
            raise DataError(f"the file is not UTF-8: {error.reason} at byte {error.start}", where=str(path)) from error

    def values(self, path: Path, where: YamlValue) -> YamlValue:
        """The values of a YAML, JSON or JSON Lines file, with positions."""
        suffix = path.suffix.lower()
        if suffix in (".yaml", ".yml"):
            return read_yaml(path).root
        if suffix == ".json":
            try:
                return read_yaml_text(text := self.text(path, where), str(path)).root
            except PipelineError:  # JSON that YAML reads otherwise, such as tabs between values
                return yaml_value_of(
                    self._json(text, str(path), 1), Position(TextSource(str(path), tuple(text.splitlines())), 1, 1)
                )
        if suffix == ".jsonl":
            return YamlValue(list(self._lines(path)), Position(TextSource(str(path)), 1, 1))
        refuse(where, f"{path.name!r} is of no kind that is read here", "use .csv, .yaml, .json or .jsonl")

    def resolved(self, value: YamlValue) -> YamlValue:
        """`value` without `$ref`: what a reference into the config names stands in its place."""
        for _ in range(_DEEPEST_REFERENCE):
            reference = value.get("$ref")
            if reference is None:
                return value
            name = text_at(reference, "a $ref")
            if not name.startswith("#/"):
                refuse(reference, f"the reference {name[:60]!r} leads to another file", "write #/assertionTemplates/NAME")
            target: YamlValue | None = self.root
            for step in name[2:].split("/"):
                key = step.replace("~1", "/").replace("~0", "~")
                target = target and target.get(int(key) if key.isdecimal() and isinstance(target.value, list) else key)
            if target is None:
                refuse(reference, f"there is no {name[:60]!r} in the config")
            own = {key: one for key, one in value.value.items() if key != "$ref"} if isinstance(value.value, dict) else {}
            merged = {**target.value, **own} if isinstance(target.value, dict) else target.value
            value = replace(target, value=merged, position=value.position, key=value.key)
        refuse(value, "references lead to references without end")

    def _lines(self, path: Path) -> Iterator[YamlValue]:
        source = TextSource(str(path))
        log_access(path, data=True)
        for number, line in enumerate(lines_of(Source(path), limits.MAX_BYTES), 1):
            if line.strip():
                yield yaml_value_of(self._json(line, str(path), number), Position(source, number, 1))

    def _json(self, text: str, name: str, line: int) -> object:
        try:
            return read_json(text)
        except ValueError as error:
            raise DataError(f"this is not JSON: {error}", where=f"{name}:{line}") from error


def _braces(pattern: str) -> Iterator[str]:
    """The patterns that `{a,b}` in a pattern stands for."""
    before, opening, rest = pattern.partition("{")
    inside, closing, after = rest.partition("}")
    if not (opening and closing):
        yield pattern
        return
    for one in inside.split(","):
        yield from _braces(f"{before}{one}{after}")
