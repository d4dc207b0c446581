"""Parcels: a cell as one text of JSON lines, on its way to a worker, and its run folder on the way back.

A parcel holds the user's own files that the cell reads, the SHA-256 of the shipped ones, its plug-in files, its options and its
key. It is read as strictly as a bundle: names stay inside, sizes have limits, unknown fields are refused. What comes back is
checked in the same way. The first line is an object with the names of the files, and each other line the text of one file, so
that large texts are not parsed as values.

Paths differ between machines. In a parcel and in what comes back, a folder is written as a word with the parcel's `mark`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, TypeVar

from pydantic import Field, ValidationError

from promptwire.bundles.files import safe_path, shipped_path
from promptwire.errors import RunError
from promptwire.options import Options
from promptwire.security.package_data import package_folder
from promptwire.security.untrusted_json import read_json
from promptwire.sweeps.common_limits import CommonLimits
from promptwire.sweeps.runner import CellState
from promptwire.values import Model

__all__ = ["MOST_BYTES", "Parcel", "Returned", "place", "read_parcel", "read_returned", "shipped_folders", "write_text"]

MOST_BYTES: Final = 256 * 2**20
"""Largest size of a parcel, and of what comes back."""
_MOST_FILES: Final = 1000
_TEXTS: Final = ("files", "binary", "plugins")
"""Fields whose texts stand in lines of their own, in this order."""
_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""Name of a file in a run folder."""
Place = Literal["files", "pipelines", "templates", "run"]
"""Folders whose paths differ between machines."""


class _Text(Model):
    """What is written as lines of JSON."""

    called: ClassVar[str] = ""


T = TypeVar("T", bound=_Text)


class Parcel(_Text):
    """A cell on its way to a worker."""

    called: ClassVar[str] = "a parcel"

    promptwire: Literal["cell"] = "cell"
    """Kind of this text."""
    format: Literal[1] = 1
    """Version of the form."""
    version: str = Field(default_factory=lambda: version("promptwire"))
    """Version of promptwire that packed it."""
    key: str = Field(pattern=r"^[0-9a-f]{24}$")
    """Key of the cell, which the worker computes again."""
    mark: str = Field(pattern=r"^[0-9a-f]{16}$")
    """Random digits, in the words that stand for folders."""
    row: str
    """Name of the optimizer."""
    pipeline: str
    """Pipeline: a shipped name, or a path relative to the working folder."""
    task: str
    """Task: a shipped name, or a path relative to the working folder."""
    options: Options
    """Options of the run, without the address of a shared cache."""
    working: str
    """Name of the working folder among the files; `.` for the top."""
    files: Mapping[str, str]
    """Text of each of the user's own files, by its name."""
    binary: Mapping[str, str] = {}
    """Files that are no UTF-8 text, such as spreadsheets, in base64."""
    shipped: Mapping[str, str]
    """SHA-256 of each shipped file that the cell reads, such as `pipelines/ape.yaml`."""
    plugins: Mapping[str, str] = {}
    """Text of each plug-in file, by its name."""
    keyed: tuple[str, ...] = ()
    """Names of the plug-in files that the key holds."""
    common: CommonLimits | None = None
    """Limits of all cells together, or the part of this cell; None without any."""
    outside: tuple[str, ...] = ()
    """Absolute paths of model files, which each worker must have under the same path."""


class Returned(_Text):
    """What comes back of a cell."""

    called: ClassVar[str] = "a cell's result"

    promptwire: Literal["cell result"] = "cell result"
    """Kind of this text."""
    format: Literal[1] = 1
    """Version of the form."""
    key: str
    """Key of the cell."""
    state: CellState
    """How it ended."""
    why: str = ""
    """Error or limit in words."""
    fatal: bool = False
    """Whether no other cell could go on either, as when the cache fails."""
    calls: int = Field(default=0, ge=0)
    """New calls."""
    cached: int = Field(default=0, ge=0)
    """Calls whose answers were in a cache."""
    tokens: int = Field(default=0, ge=0)
    """Tokens of the new calls."""
    usd: float | None = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Dollars of the new calls; None when a price is unknown."""
    seconds: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Duration."""
    name: str = Field(default="", max_length=200)
    """Name of the run folder without its time; empty when there is none."""
    files: Mapping[str, str] = {}
    """Text of each file of the run folder, by its name."""


def place(mark: str, folder: Place) -> str:
    """The word that stands for a folder, in parcels with this mark."""
    return f"@{mark}-{folder}@"


def read_parcel(text: str) -> Parcel:
    """Read a parcel. Raises RunError for what is none."""
    parcel = _read(text, Parcel)
    for name in (*parcel.files, *parcel.binary, *parcel.plugins):
        safe_path(name, what="parcel")
    for name in parcel.shipped:
        shipped_path(name, what="parcel")
    if parcel.working != ".":
        safe_path(parcel.working, what="parcel")
    if any("/" in name for name in parcel.plugins):
        raise RunError("invalid name of a plug-in file in the parcel", hint="don't trust this parcel")
    return parcel


def read_returned(text: str, key: str) -> Returned:
    """Read what came back of the cell `key`. Raises RunError for anything else."""
    found = _read(text, Returned)
    if found.key != key:
        raise RunError(f"this is the result of the cell {found.key[:24]!r}", hint="don't trust this worker")
    if not all(_FILE.fullmatch(name) for name in found.files):
        raise RunError("a result of a cell with invalid file names", hint="don't trust this worker")
    return found


def write_text(value: Parcel | Returned) -> str:
    """The text of a parcel, or of what comes back. Raises RunError when it is too large, or can't be written as JSON."""
    texts: list[str] = []
    head = value.model_dump(mode="json", exclude=set(_TEXTS))
    for field in _text_fields(type(value)):
        held: Mapping[str, str] = getattr(value, field)
        head[field] = list(held)
        texts += held.values()
    try:
        text = "\n".join([json.dumps(head), *map(json.dumps, texts)])
    except (ValueError, TypeError, RecursionError) as error:
        raise RunError(f"{type(value).called} can't be written as JSON: {error}"[:300]) from error
    if len(text) > MOST_BYTES:
        raise RunError(f"{type(value).called} has at most {MOST_BYTES >> 20} MB, and this one {len(text) >> 20} MB")
    return text


def _read(text: str, kind: type[T]) -> T:
    if len(text) > MOST_BYTES:
        raise RunError(f"{kind.called} has at most {MOST_BYTES >> 20} MB")
    try:
        first, *rest = text.split("\n")
        data: Any = read_json(first)
        if not isinstance(data, dict):
            raise ValueError("not a JSON object")
        lines = iter(rest)
        for field in _text_fields(kind):
            names = data.get(field)
            if not isinstance(names, list) or len(names) > _MOST_FILES or not all(isinstance(name, str) for name in names):
                raise ValueError(f"{field}: a list of at most {_MOST_FILES} names is missing")
            data[field] = {name: _string(next(lines, "")) for name in names}
            if len(data[field]) < len(names):
                raise ValueError(f"{field}: a name occurs twice")
        if next(lines, None) is not None:
            raise ValueError("there are lines after the end")
        return kind.model_validate(data)
    except (ValidationError, ValueError) as error:
        detail = error.errors()[0] if isinstance(error, ValidationError) else {"msg": str(error), "loc": ()}
        where = ".".join(map(str, detail["loc"]))[:100]
        raise RunError(f"this is not {kind.called}: {where + ': ' if where else ''}{detail['msg']}"[:300]) from error


def _text_fields(kind: type[Model]) -> list[str]:
    return [field for field in _TEXTS if field in kind.model_fields]


def _string(line: str) -> str:
    """The text in a line that holds one JSON string. Raises ValueError for any other line."""
    found = json.loads(line) if line.startswith('"') else None
    if not isinstance(found, str):
        raise ValueError("the text of a file is missing")
    return found


def shipped_folders() -> dict[Place, Path]:
    """Folders of the shipped files, by their places."""
    return {"pipelines": package_folder("pipelines"), "templates": package_folder("templates")}
