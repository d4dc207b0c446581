"""Files that a command writes: a page, a picture or data, in the form that the name's ending tells."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["Axis", "chart_library", "ending_of", "making_library", "open_file", "write_file"]

Form = TypeVar("Form")


class Axis(StrEnum):
    """What a curve is drawn against; the names of `promptwire.page.charts`."""

    calls = "calls"
    tokens = "tokens"
    usd = "usd"
    seconds = "seconds"


def ending_of(file: Path, known: Mapping[str, Form]) -> Form:
    """Form of `file` by the ending of its name. Raises UsageError for an unknown one."""
    from promptwire.errors import UsageError

    suffix = file.suffix.lower().lstrip(".")
    if suffix in known:
        return known[suffix]
    endings = ", ".join(f".{one}" for one in known)
    raise UsageError(f"unknown format of {file.name!r}", where="-o", hint=f"end the name in one of {endings}")


def chart_library() -> str | None:
    """Script of the charts for a page; without the extra that brings it, None and a line to standard error."""
    from promptwire.backends.known_models import user_cache
    from promptwire.page import vega

    script = vega.chart_script(user_cache() / "page")
    if script is None:
        sys.stderr.write(f"the page is without charts; for charts: {vega.INSTALL}\n")
    return script


def making_library() -> AbstractContextManager[None]:
    """Return a block beside which the script of the charts is made, if it is not kept yet."""
    from promptwire.backends.known_models import user_cache
    from promptwire.page import vega

    return vega.making_script(user_cache() / "page")


def write_file(file: Path, content: bytes) -> str:
    """Write the file at once; return its size in words. Raises UsageError when it can't be written."""
    from promptwire.errors import UsageError

    try:
        file.write_bytes(content)
    except OSError as error:
        raise UsageError(f"can't be written: {error.strerror}", where=str(file)) from error
    return f"{len(content) / 1e6:.1f} MB"


def open_file(file: Path) -> None:
    """Open `file` in the browser."""
    import webbrowser

    if not webbrowser.open(file.absolute().as_uri()):
        sys.stderr.write(f"no browser could be started; open {file} yourself\n")
