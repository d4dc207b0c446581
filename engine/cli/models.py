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
    """List the local models; fetch or remove one. NAME is that of the list, or hf:OWNER/REPO/FILE.gguf."""
    from promptwire.backends import known_models, model_files
    from promptwire.cli.console import console, print_table

    if remove is not None:
        sys.stdout.write(f"{model_files.remove(remove)}\n")
    elif fetch is not None:
        sys.stdout.write(f"{_fetch(fetch)}\n")
    else:
        print_table(_rows(), ("model", "state", "size", "licence", "file"), console())
        sys.stdout.write(f"files in {known_models.folder()}\n")


def _rows() -> list[tuple[str, ...]]:
    """A row for each known model, and for each file of a hub that is here."""
    from promptwire.backends import known_models, model_files

    rows: list[tuple[str, ...]] = []
    for model in known_models.KNOWN.values():
        partial = model.path.with_name(f".{model.file}.part")
        have = f"{partial.stat().st_size * 100 // model.size}% fetched" if partial.is_file() else "absent"
        name = model.name if model.name == "local" else f"local:{model.name}"
        state = "present" if model.present else have
        rows.append((name, state, f"{model.size / 1e6:.0f} MB", model.licence, model.file))
    for file in model_files.hub_files():
        size, path = f"{file.path.stat().st_size / 1e6:.0f} MB", file.path.relative_to(known_models.folder())
        rows.append((f"local:hf:{file}", "present", size, f"see {file.repo}", str(path)))
    return rows


def _fetch(name: str) -> Path:
    """Fetch the file of a model, if it is missing or damaged. Raises ModelUnavailable or UsageError."""
    from promptwire.backends import known_models, model_files, model_hub

    if model_files.is_hub(name):
        file = model_hub.HubFile.parsed(name)
        return file.path if file.path.is_file() else model_files.fetch_from_hub(file, _say)
    known = known_models.find_known(name)
    if known.present and model_files.fingerprint(known.path) == known.sha256:
        return known.path
    return model_files.fetch(name, _say)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
