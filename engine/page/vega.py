"""Vega and Vega-Lite out of vl-convert: their script for a page, and pictures without a browser.

vl-convert is an optional dependency and only imported here. It needs seconds to put the script together, so the script is kept
in the user's cache folder, by version.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from promptwire.errors import RunError, UsageError
from promptwire.results.run_folder import keep_file

__all__ = ["INSTALL", "chart_script", "draw_chart", "making_script"]

INSTALL: Final = "pip install 'promptwire[page]'"
"""Command that brings the charts."""
_SNIPPET: Final = "window.vegaEmbed=vegaEmbed;"
"""What the page uses of the libraries: vega-embed, which compiles and draws a specification."""

_MAKE: Final = "import sys, pathlib, promptwire.page.vega as vega; vega.chart_script(pathlib.Path(sys.argv[1]))"
"""Program that makes the script and keeps it in the folder of its argument."""
_LONGEST: Final = 60.0
"""Seconds after which the script is made here instead."""


@contextmanager
def making_script(cache: Path) -> Iterator[None]:
    """Make the script in another process while the block works, unless it is kept or can't be made.

    In another process, since vl-convert holds Python's lock for the seconds that it takes. Whatever fails there is left to
    `chart_script`.
    """
    kept = _place(cache)
    if kept is None or kept.exists():
        yield
        return
    maker = None
    with suppress(OSError):
        command, quiet = [sys.executable, "-c", _MAKE, str(cache)], subprocess.DEVNULL
        maker = subprocess.Popen(command, stdout=quiet, stderr=quiet)  # noqa: S603 - this interpreter, and a program from here
    try:
        yield
        if maker is not None:
            with suppress(subprocess.TimeoutExpired):
                maker.wait(_LONGEST)
    finally:
        if maker is not None and maker.poll() is None:
            maker.kill()
            maker.wait()


def chart_script(cache: Path) -> str | None:
    """Return the script of Vega and Vega-Lite; None when vl-convert is not installed. It is kept in the folder `cache`.

    Raises UsageError when vl-convert is there and does not work.
    """
    kept = _place(cache)
    if kept is None:
        return None
    found = _kept(kept)
    if found is None:
        found = str(_converter().javascript_bundle(_SNIPPET))
        _keep(kept, found)
    return found


def draw_chart(spec: Mapping[str, Any], form: str) -> bytes:
    """Draw a Vega-Lite specification as `svg` or `png`. Raises UsageError when vl-convert is missing or can't draw it."""
    converter = _converter()
    # A lone surrogate, from a broken reply, is no JSON for vl-convert.
    text = json.dumps(spec, ensure_ascii=False).encode("utf-8", errors="replace").decode()
    try:
        if form == "png":
            return bytes(converter.vegalite_to_png(text, scale=2))
        return str(converter.vegalite_to_svg(text)).encode()
    except ValueError as error:
        raise UsageError(f"Vega-Lite can't draw it: {error}") from error


def _converter() -> Any:
    try:
        import vl_convert  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError(f"charts need vl-convert-python, which can't be imported: {error}", hint=INSTALL) from error
    return vl_convert


def _place(cache: Path) -> Path | None:
    """Where the script is kept; None when vl-convert is not installed."""
    try:
        release = version("vl-convert-python")
    except PackageNotFoundError:
        return None
    return cache / f"vega-{hashlib.sha256(f'{release} {_SNIPPET}'.encode()).hexdigest()[:12]}.js"


def _kept(path: Path) -> str | None:
    """The script in the file `path`, if its first line is the hash of the rest."""
    try:
        mark, _, text = path.read_text(encoding="utf-8").partition("\n")
    except (OSError, ValueError):
        return None
    return text if mark == _mark(text) else None


def _keep(path: Path, text: str) -> None:
    """Write the script for the next page. A folder that can't be written costs only time."""
    try:
        keep_file(path, f"{_mark(text)}\n{text}")
    except RunError:
        return


def _mark(text: str) -> str:
    return f"// {hashlib.sha256(text.encode()).hexdigest()}"
