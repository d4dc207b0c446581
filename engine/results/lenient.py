"""Lenient reading of the files of a run folder, which another version may have written, or a kill cut short.

A line or a file that is not JSON is skipped. An unknown field of a value is left out. So what is readable is read.

A step that scores a million rows writes one line of hundreds of megabytes. A long line is read where memory allows.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from promptwire.free_memory import free_memory
from promptwire.security.untrusted_json import MOST_VALUES, read_json
from promptwire.values import Model

__all__ = ["as_dict", "as_int", "as_list", "as_text", "as_texts", "read_line", "read_lines", "read_model", "read_object"]

_LARGEST: Final = 64 << 20
"""Most bytes of a file that is read as a whole, and of a file whose lines may have any length."""
_OF_MEMORY: Final = 8
"""The text of a long line may take this part of the free memory."""
_VALUE: Final = 160
"""Bytes of free memory for each comma and bracket of a long line: twice what the values of a row take."""
_TRIES: Final = 5
"""How often unknown fields are removed: each try finds those of all levels that were reached."""
M = TypeVar("M", bound=Model)


def read_object(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in the file `path`; None when there is no such file, or it holds anything else."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            return None
        data = read_json(path.read_bytes())
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a JSON Lines file, without lines that can't be read; none when there is no such file."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return
        longest = _LARGEST if found.st_size <= _LARGEST else max(_LARGEST, (free_memory() or 0) // _OF_MEMORY)
        with path.open(encoding="utf-8", errors="replace") as lines:
            while line := lines.readline(longest):
                if (row := read_line(line)) is not None:
                    yield row
    except OSError:
        return


def read_line(line: str | bytes) -> dict[str, Any] | None:
    """Return the JSON object in a line; None when it holds anything else."""
    most = MOST_VALUES if len(line) <= MOST_VALUES else max(MOST_VALUES, (free_memory() or 0) // _VALUE)
    try:
        row = read_json(line, most=most)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def read_model(kind: type[M], data: Any) -> M | None:
    """Return `data` as a value of type `kind`, without fields that this version does not know; None when it does not fit."""
    for _ in range(_TRIES):
        try:
            return kind.model_validate(data)
        except ValidationError as error:
            unknown = [one["loc"] for one in error.errors() if one["type"] == "extra_forbidden"]
            if not unknown:
                return None
            for place in unknown:
                data = _without(data, place)
    return None


def _without(data: Any, place: tuple[int | str, ...]) -> Any:
    """A copy of `data` without the field at `place`."""
    if isinstance(data, dict) and place and place[0] in data:
        if len(place) == 1:
            return {name: value for name, value in data.items() if name != place[0]}
        return {**data, place[0]: _without(data[place[0]], place[1:])}
    if isinstance(data, list | tuple) and place and isinstance(place[0], int) and place[0] < len(data):
        return [_without(value, place[1:]) if index == place[0] else value for index, value in enumerate(data)]
    return data


def as_dict(value: Any) -> dict[str, Any]:
    """Return `value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return `value` if it is a JSON list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: Any) -> str:
    """Return `value` as a text; empty for null.

    >>> as_text(None), as_text(3)
    ('', '3')
    """
    return value if isinstance(value, str) else "" if value is None else str(value)


def as_texts(value: Any) -> tuple[str, ...]:
    """Return the items of a JSON list as texts; none when `value` is no list."""
    return tuple(as_text(one) for one in as_list(value))


def as_int(value: Any, default: int = 0) -> int:
    """Return `value` if it is a whole number, else `default`."""
    return value if type(value) is int else default
