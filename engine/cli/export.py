"""`export`: write a run's prompt in the form of another tool."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptwire.cli.arguments import Json, Run

if TYPE_CHECKING:
    from promptwire.exporting.export import Export

__all__ = ["export"]


class To(StrEnum):
    """Forms of an export; the names of `promptwire.exporting.forms.table`."""

    messages = "messages"
    text = "text"
    lm_eval = "lm-eval"
    prompty = "prompty"


class Which(StrEnum):
    """Prompts of a run."""

    best = "best"
    initial = "initial"


def export(
    run: Run,
    to: Annotated[To, typer.Option(help="The form to write; see docs/export.md.")],
    out: Annotated[str | None, typer.Option(metavar="PATH", help="File or folder to write. Default: the task's name.")] = None,
    prompt: Annotated[Which, typer.Option(help="Which prompt of the run.")] = Which.best,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    json_: Json = False,
) -> None:
    """Write a run's prompt, with its demonstrations and settings, in the form of another tool."""
    from promptwire.exporting.export import export as write_export

    made = write_export(run, to.value, out, prompt=prompt.value, force=force)
    if json_:
        from promptwire.cli.json_output import print_json

        print_json(_record(made))
        return
    for name in made.files:
        sys.stdout.write(f"{name}\n")
    for line in _lines(made):
        sys.stdout.write(f"{line}\n")


def _record(made: Export) -> dict[str, Any]:
    """The export as JSON values."""
    unequal = [{"example": one.example.id, "difference": one.sentence} for one in made.requests.unequal]
    facts = {name: getattr(made, name) for name in ("run", "to", "prompt", "target", "files", "told")}
    return {**facts, "requests": {"n": made.requests.n, "equal": made.requests.equal, "unequal": unequal}}


def _lines(made: Export) -> list[str]:
    """What the form can't hold, and how its requests compare with those of the run."""
    lines, requests = [f"note: {one}" for one in made.told], made.requests
    if not requests.n:
        return [*lines, "the run kept no held-out examples to compare requests with"]
    if not requests.unequal:
        return [*lines, f"all {requests.n} held-out requests are equal to those of the run, byte for byte"]
    lines.append(f"{len(requests.unequal)} of {requests.n} held-out requests differ from those of the run, such as:")
    return [*lines, f"  {requests.unequal[0].sentence}"]
