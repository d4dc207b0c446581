"""The page as one HTML file: template, style, scripts and data in it, and a policy under which it can load nothing.

The policy names each script by its hash, so that no other script runs. Vega makes functions of its expressions, for which it
needs 'unsafe-eval'. The data are gzip in base64, in which no markup can stand; texts are set by the scripts as text only.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
from functools import cache
from importlib import resources
from typing import Final

from promptwire.page.values import PageData, to_text

__all__ = ["SCRIPTS", "render_page"]

_SHARED: Final = ("dom", "data", "diff", "table", "chart")
SCRIPTS: Final = (*_SHARED, "summary", "metrics", "examples", "candidates", "requests", "lineage", "nodes", "main")
"""Scripts of the page in their order. They are one module, so that a name of one is known in all."""


def render_page(data: PageData, library: str | None) -> str:
    """Return the page of `data`. `library` is the script of Vega and Vega-Lite; without it the page has no charts."""
    script = "\n" + "\n".join(_source(f"{name}.js") for name in SCRIPTS)
    scripts = [script] if library is None else [_inline(library), script]
    hashes = " ".join(f"'sha256-{_hash(one)}'" for one in scripts)
    evaluation = "" if library is None else " 'unsafe-eval'"
    policy = (
        f"default-src 'none'; script-src {hashes}{evaluation}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = {
        "policy": policy,
        "title": html.escape(f"{data.run['pipeline']} on {data.run['task']}"),
        "style": _source("page.css"),
        "data": base64.b64encode(gzip.compress(to_text(data).encode("ascii"), 6, mtime=0)).decode("ascii"),
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
