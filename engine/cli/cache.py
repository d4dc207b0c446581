"""`promptwire cache`: list, show, verify, weed, export and import what the cache keeps.

What a row holds was written by a model or by a stranger, so it is printed with control characters taken out.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["register"]

_SHOWN = 60
_DAY = 86400.0

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output and nothing else.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    for name, command in (
        ("ls", ls),
        ("show", show),
        ("verify", verify),
        ("prune", prune),
        ("export", export),
        ("import", take),
    ):
        app.command(name)(command)


def ls(
    model: Annotated[str, typer.Option(help="Only models whose identity holds this text.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Only the last so many.")] = 50,
    json_: Json = False,
) -> None:
    """List the answers, the newest last: key, when, model, kind, tokens, and how the reply starts.

    Without --model, rows that can't be read are listed too, by their number.
    """
    from collections import deque

    from promptwire.cache.maintenance import Fault, rows
    from promptwire.options import cache_folder

    found = (row for row in rows(cache_folder()) if (not model if isinstance(row, Fault) else model in row.record.meta.model))
    for row in deque(found, maxlen=limit):
        if isinstance(row, Fault):
            fault = {"row": row.row, "problem": row.problem}
            sys.stdout.write(json.dumps(fault) if json_ else f"row {row.row}  can't be read: {_plain(row.problem)}")
            sys.stdout.write("\n")
            continue
        facts = _facts(row)
        if json_:
            sys.stdout.write(json.dumps(facts) + "\n")
            continue
        text = _plain(facts["text"])
        shown = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
        tokens = facts["tokens_in"] + facts["tokens_out"]
        words = (row.key[:12], facts["when"], _plain(facts["model"]), _plain(facts["kind"]), f"{tokens} tokens", shown)
        sys.stdout.write("  ".join(words).rstrip() + "\n")


def show(key: Annotated[str, typer.Argument(help="A key, or how it starts.")]) -> None:
    """Print one answer whole, as JSON."""
    from promptwire.cache.maintenance import find
    from promptwire.options import cache_folder

    sys.stdout.write(json.dumps(_facts(find(cache_folder(), key)), indent=2) + "\n")


def verify() -> None:
    """Look at every row; ends with 7 when one of them can't be read."""
    from promptwire.cache.maintenance import CacheEntry, rows
    from promptwire.cache.maintenance import verify as look
    from promptwire.options import cache_folder

    sound, faults = look(cache_folder())
    for fault in faults:
        sys.stdout.write(f"row {fault.row}: {_plain(fault.problem)}\n")
    sys.stdout.write(f"{sound} answers can be read, {len(faults)} can't\n")
    unknown = sum(isinstance(row, CacheEntry) and row.record.unknown > 0 for row in rows(cache_folder())) if sound else 0
    if unknown:
        sys.stdout.write(f"{unknown} of them hold times, prices or token counts out of range, which are read as unknown\n")
    if faults:
        sys.stdout.write("  `promptwire cache prune --unreadable` removes those; they are asked again when needed\n")
    raise typer.Exit(7 if faults else 0)


def prune(
    model: Annotated[str, typer.Option(help="Answers of models whose identity holds this text.")] = "",
    older: Annotated[float | None, typer.Option("--older-than", metavar="DAYS", min=0, help="Answers older than this.")] = None,
    unreadable: Annotated[bool, typer.Option("--unreadable", help="Rows that can't be read.")] = False,
    key: Annotated[str, typer.Option(help="The answers whose key starts so.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only counted.")] = False,
) -> None:
    """Remove answers. They were paid for and will be paid for again: nothing else ever removes one."""
    from promptwire.cache.maintenance import CacheEntry, Fault, rows
    from promptwire.cache.maintenance import prune as weed
    from promptwire.errors import UsageError
    from promptwire.options import cache_folder

    if not (model or unreadable or key or older is not None):
        raise UsageError("nothing is named to be removed", hint="--model TEXT, --older-than DAYS, --key KEY or --unreadable")
    before = time.time() - (older or 0.0) * _DAY

    def unwanted(row: CacheEntry | Fault) -> bool:
        if isinstance(row, Fault):
            return unreadable and row.row > 0
        named = bool(model) or bool(key) or older is not None
        # An answer whose time is not known is not known to be old.
        aged = older is None or 0 < row.record.when < before
        return named and row.key.startswith(key) and model in row.record.meta.model and aged

    if yes:
        sys.stdout.write(f"{weed(cache_folder(), unwanted)} rows removed\n")
    else:
        count = sum(unwanted(row) for row in rows(cache_folder()))
        sys.stdout.write(f"{count} rows would be removed; add --yes to do it\n")


def export(file: Annotated[Path, typer.Argument(help="The new file.")]) -> None:
    """Write all answers to a file of JSON lines."""
    from promptwire.cache.import_export import export_responses
    from promptwire.options import cache_folder

    sys.stdout.write(f"{export_responses(cache_folder(), file)} answers written to {file}\n")


def take(file: Annotated[Path, typer.Argument(help="A file that `promptwire cache export` wrote.")]) -> None:
    """Take in the answers of a file, all or none. Only from those you trust: an answer decides what a run finds."""
    from promptwire.cache.import_export import import_responses
    from promptwire.options import cache_folder

    total, new = import_responses(file, cache_folder())
    sys.stdout.write(f"{total} answers, {new} of them new\n")


def _facts(row: Any) -> dict[str, Any]:
    known = row.record.when > 0
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.record.when)) if known else "unknown"
    return {
        "key": row.key,
        "when": when,
        "model": row.record.meta.model,
        "kind": row.record.meta.kind,
        **row.record.completion.to_json(),
    }


def _plain(text: str) -> str:
    """`text` on one line, without what a terminal would take for an order."""
    return "".join(character if character.isprintable() else " " for character in text)
