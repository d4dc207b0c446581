"""`cache`: list, show, verify, prune, export, import, push and pull the response cache.

A cache row holds what a model or untrusted input wrote, so control characters are removed before printing.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptwire.cli.arguments import Json
from promptwire.cli.run_options import CacheUrl

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from promptwire.cache.maintenance import CacheEntry
    from promptwire.shared.transfer import Copied

__all__ = ["app"]

_LONGEST_TEXT = 60
_DAY = 86400.0

app = typer.Typer(help="Manage the response cache.", no_args_is_help=True)


@app.command()
def ls(
    model: Annotated[str, typer.Option(help="Only models whose identity contains this text.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Only this many, the newest.")] = 50,
    json_: Json = False,
) -> None:
    """List completions, the newest last: key, time, model, kind, tokens, and the start of the reply.

    Without --model, unreadable rows are listed too, by their number.
    """
    from collections import deque

    from promptwire.cache.maintenance import Fault, rows
    from promptwire.options import cache_folder

    found = (row for row in rows(cache_folder()) if (not model if isinstance(row, Fault) else model in row.record.meta.model))
    for row in deque(found, maxlen=limit):
        if isinstance(row, Fault):
            fault = {"row": row.row, "problem": row.problem}
            sys.stdout.write(json.dumps(fault) if json_ else f"row {row.row}  can't be read: {_printable(row.problem)}")
            sys.stdout.write("\n")
            continue
        facts = _to_json(row)
        if json_:
            sys.stdout.write(json.dumps(facts) + "\n")
            continue
        text = _printable(facts["text"])
        shown = text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 3] + "..."
        tokens = f"{facts['tokens_in'] + facts['tokens_out']} tokens"
        cells = (row.key[:12], facts["when"], _printable(facts["model"]), _printable(facts["kind"]), tokens, shown)
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


@app.command()
def show(key: Annotated[str, typer.Argument(help="A key, or its first characters.")]) -> None:
    """Print one completion in full, as JSON."""
    from promptwire.cache.maintenance import find
    from promptwire.options import cache_folder

    sys.stdout.write(json.dumps(_to_json(find(cache_folder(), key)), indent=2) + "\n")


@app.command()
def verify() -> None:
    """Read every row. Exits with 7 if a row can't be read."""
    from promptwire.cache.maintenance import CacheEntry, rows
    from promptwire.cache.maintenance import verify as verify_rows
    from promptwire.options import cache_folder

    sound, faults = verify_rows(cache_folder())
    for fault in faults:
        sys.stdout.write(f"row {fault.row}: {_printable(fault.problem)}\n")
    sys.stdout.write(f"{sound} completions can be read, {len(faults)} can't\n")
    unknown = sum(isinstance(row, CacheEntry) and row.record.unknown > 0 for row in rows(cache_folder())) if sound else 0
    if unknown:
        sys.stdout.write(f"{unknown} of them hold times, prices or token counts out of range, which count as unknown\n")
    if faults:
        sys.stdout.write("  `promptwire cache prune --unreadable` removes those rows; a run that needs them calls again\n")
    raise typer.Exit(7 if faults else 0)


@app.command()
def prune(
    model: Annotated[str, typer.Option(help="Completions of models whose identity contains this text.")] = "",
    older: Annotated[
        float | None, typer.Option("--older-than", metavar="DAYS", min=0, help="Completions older than this.")
    ] = None,
    unreadable: Annotated[bool, typer.Option("--unreadable", help="Rows that can't be read.")] = False,
    key: Annotated[str, typer.Option(help="Completions whose key starts with this.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Remove them. Without this they are only counted.")] = False,
) -> None:
    """Remove completions from the cache. A run that needs one pays for it again. No other command removes any."""
    from promptwire.cache.maintenance import Fault, rows
    from promptwire.cache.maintenance import prune as prune_rows
    from promptwire.errors import UsageError
    from promptwire.options import cache_folder

    if not (model or unreadable or key or older is not None):
        hint = "add --model TEXT, --older-than DAYS, --key KEY or --unreadable"
        raise UsageError("`cache prune` has no condition: it would remove every row", hint=hint)
    before = time.time() - (older or 0.0) * _DAY

    def matches(row: CacheEntry | Fault) -> bool:
        if isinstance(row, Fault):
            return unreadable and row.row > 0
        named = bool(model) or bool(key) or older is not None
        # A completion whose time is unknown is not known to be old.
        old = older is None or 0 < row.record.when < before
        return named and row.key.startswith(key) and model in row.record.meta.model and old

    if yes:
        sys.stdout.write(f"{prune_rows(cache_folder(), matches)} rows removed\n")
    else:
        count = sum(matches(row) for row in rows(cache_folder()))
        sys.stdout.write(f"{count} rows would be removed; add --yes to remove them\n")


@app.command()
def export(file: Annotated[Path, typer.Argument(help="File to write.")]) -> None:
    """Write all completions to a JSON Lines file."""
    from promptwire.cache.import_export import export_responses
    from promptwire.options import cache_folder

    sys.stdout.write(f"{export_responses(cache_folder(), file)} completions written to {file}\n")


@app.command("import")
def import_(file: Annotated[Path, typer.Argument(help="A file that `promptwire cache export` wrote.")]) -> None:
    """Import completions from a file, all or none. Import only from sources you trust: they decide results."""
    from promptwire.cache.import_export import import_responses
    from promptwire.options import cache_folder

    total, new, unknown = import_responses(file, cache_folder())
    sys.stdout.write(f"{total} completions, {new} of them new\n")
    if unknown:
        sys.stdout.write(f"  {unknown} of them hold times, prices or token counts out of range, which count as unknown\n")


@app.command()
def push(cache_url: CacheUrl = None) -> None:
    """Copy all completions to the Redis server that machines share. What it holds is not sent again, and not replaced."""
    from promptwire.options import cache_folder
    from promptwire.shared.transfer import push as push_rows

    _copied(push_rows, cache_folder(), cache_url)


@app.command()
def pull(cache_url: CacheUrl = None) -> None:
    """Copy all completions of the Redis server to this cache. Use only a server that you trust: they decide results."""
    from promptwire.options import cache_folder
    from promptwire.shared.transfer import pull as pull_rows

    _copied(pull_rows, cache_folder(), cache_url)


def _copied(copy: Callable[[Path, str], Coroutine[Any, Any, Copied]], folder: Path, cache_url: str | None) -> None:
    """Copy, and print the counts. Exits with 7 if a row could not be read."""
    from promptwire.errors import UsageError
    from promptwire.gateway.idle_loop import run_loop
    from promptwire.options import Options

    url = Options(cache_url=cache_url).shared_cache
    if not url:
        hint = "give --cache-url redis://HOST:6379, or set PROMPTWIRE_CACHE_URL"
        raise UsageError("no server is named to copy to or from", hint=hint)
    found = run_loop(copy(folder, url))
    sys.stdout.write(f"{found.total} completions, {found.new} of them new\n")
    if found.unreadable:
        sys.stdout.write(f"  {found.unreadable} rows can't be read, and were not copied\n")
        raise typer.Exit(7)


@app.command()
def stats(json_: Json = False) -> None:
    """Show the number, size and cost of the completions in the cache."""
    from promptwire.cli.console import console, print_table

    found = _stats()
    if json_:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        print_table([(name, str(value)) for name, value in found.items()], ("", ""), console())


def _stats() -> dict[str, int | float | str | None]:
    """Figures of the cache by name. A folder that does not exist holds nothing."""
    from promptwire.cache.disk import ResponseCache
    from promptwire.options import cache_folder

    folder = cache_folder()
    if not os.path.exists(folder):  # unlike Path.exists, no error for a name that is too long
        return {"folder": str(folder), "answers": 0, "bytes": 0}
    cache = ResponseCache(folder)
    try:
        found = cache.stats()
    finally:
        cache.close()
    return {"folder": str(folder), "answers": found.rows, "bytes": found.bytes, "usd": found.usd, "unpriced": found.unpriced}


def _to_json(row: CacheEntry) -> dict[str, Any]:
    known = row.record.when > 0
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(row.record.when)) if known else "unknown"
    meta = row.record.meta
    return {"key": row.key, "when": when, "model": meta.model, "kind": meta.kind, **row.record.completion.to_json()}


def _printable(text: str) -> str:
    """`text` on one line, with a space for each character that a terminal would take for a command."""
    return "".join(character if character.isprintable() else " " for character in text)
