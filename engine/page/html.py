"""A page as one HTML file: template, style, scripts and data in it, and a policy under which it can load nothing.

The policy names each script by its hash, so that no other script runs. Vega makes functions of its expressions, for which it
needs 'unsafe-eval'. The data are gzip in base64, in which no markup can stand; texts are set by the scripts as text only.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Final

from promptwire.page.values import PageData, to_text

__all__ = ["COMPARISON_SCRIPTS", "RUN_SCRIPTS", "render_html", "render_page"]

_SHARED: Final = ("dom", "data", "diff", "texts", "table", "chart", "frame")
_RUN: Final = ("summary", "metrics", "examples", "progress", "candidates", "requests", "lineage", "nodes", "main")
RUN_SCRIPTS: Final = (*_SHARED, *_RUN)
"""Scripts of the page of a run in their order. They are one module, so that a name of one is known in all."""
COMPARISON_SCRIPTS: Final = (*_SHARED, "scores", "contrasts", "curves", "cells", "comparison")
"""Scripts of the page of a comparison."""


def render_page(data: PageData, library: str | None) -> str:
    """Return the page of a run. `library` is the script of Vega and Vega-Lite; without it the page has no charts."""
    return render_html(f"{data.run['pipeline']} on {data.run['task']}", to_text(data), RUN_SCRIPTS, library=library)


def render_html(title: str, data: str, names: Sequence[str], *, library: str | None) -> str:
    """Return a page with this title, with `data` as ASCII JSON and with the scripts called `names`."""
    script = "\n" + "\n".join(_source(f"{name}.js") for name in names)
    scripts = [script] if library is None else [_inline(library), script]
    hashes = " ".join(f"'sha256-{_hash(one)}'" for one in scripts)
    evaluation = "" if library is None else " 'unsafe-eval'"
    policy = (
        f"default-src 'none'; script-src {hashes}{evaluation}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = {
        "policy": policy,
        "title": html.escape(title),
        "style": _source("page.css"),
        "data": base64.b64encode(gzip.compress(data.encode("ascii"), 6, mtime=0)).decode("ascii"),
        "library": "" if library is None else f"<script>{scripts[0]}</script>",
        "script": script,
    }
    pieces = _source("page.html").split("@")  # read once, so that no part is searched for the marks of others
    return "".join(parts.get(piece, piece) if place % 2 else piece for place, piece in enumerate(pieces))


def _inline(script: str) -> str:
    """`script` so that it can't end its element: both marks stand only in its texts, where a backslash changes nothing."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--").replace("\r", "\\r")


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


@cache
def _source(name: str) -> str:
    return resources.files("promptwire.page").joinpath(name).read_text(encoding="utf-8")
