"""`models`: list, fetch and remove the embedded models."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["models"]


def models(
    remove: Annotated[str | None, typer.Option(metavar="NAME", help="Delete the file of this model.")] = None,
    fetch: Annotated[str | None, typer.Option(metavar="NAME", help="Fetch the file of this model now.")] = None,
) -> None:
    """List the embedded models; fetch or remove one."""
    from promptwire.backends import known_models, model_files
    from promptwire.cli.report_text import console, print_table

    if remove is not None:
        sys.stdout.write(f"{model_files.remove(remove)}\n")
    elif fetch is not None:
        sys.stdout.write(f"{_fetch(fetch)}\n")
    else:
        rows = [
            (model.name, "present" if model.present else "absent", f"{model.size / 1e6:.0f} MB", model.licence, str(model.path))
            for model in known_models.KNOWN.values()
        ]
        print_table(rows, ("model", "state", "size", "licence", "file"), console())


def _fetch(name: str) -> Path:
    """Fetch the file of a model, if it is missing or damaged. Raises ModelUnavailable or UsageError."""
    from promptwire.backends import known_models, model_files

    known = known_models.find_known(name)
    if known.present and model_files.fingerprint(known.path) == known.sha256:
        return known.path
    return model_files.fetch(name, _say)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
