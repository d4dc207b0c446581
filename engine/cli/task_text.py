"""What `task init` prints: guesses with reasons, warnings, three requests, and what comes next."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from promptwire.task_init.drafted import Draft
    from promptwire.task_init.guess import Guess
    from promptwire.trying.request import Tried

__all__ = ["facts_of", "print_draft"]

_LONGEST = 1_500
"""Characters of a message that are printed whole."""
_WIDTH = 80
_KEY = 10
"""Columns of the name of a guess."""
_VALUE = 300
"""Characters of a guess that are printed."""


def facts_of(draft: Draft, *, written: bool) -> dict[str, Any]:
    """The draft as JSON has it."""
    checked = draft.checked
    return {
        "file": draft.file,
        "written": written,
        "text": draft.text,
        "task": draft.keys,
        "guesses": draft.guesses,
        "examples": {"train": checked.train, "dev": checked.dev, "test": checked.test},
        "warnings": checked.warnings,
        "notes": (*draft.notes, *checked.notes),
        "files": tuple(draft.beside),
        "flags": draft.flags,
        "requests": checked.requests,
    }


def print_draft(draft: Draft, *, written: bool) -> None:
    """Print what was guessed and why, what is wrong with the data, three requests and the next command."""
    from promptwire.cli.console import console, safe_text

    out, checked = console(), draft.checked
    for guess in draft.guesses:
        out.print(safe_text(_line(guess)))
    dev = "" if checked.dev is None else f", {checked.dev:,} dev"
    out.print(safe_text(f"\n{checked.train:,} train{dev} and {checked.test:,} test examples"))
    for note in (*draft.notes, *checked.notes):
        out.print(safe_text(note, style="dim"))
    for text in checked.warnings:
        out.print(safe_text(f"warning: {text}", style="yellow"))
    for number, one in enumerate(checked.requests, 1):
        for line, style in _request(one, f"request {number} of {len(checked.requests)} to the {one.role} model"):
            out.print(safe_text(line, style=style))
    if not written:
        out.print(safe_text(f"\nnot written: {draft.file}", style="bold"))
        out.print(safe_text(draft.text.rstrip("\n")))
        return
    flags = " ".join((*map(shlex.quote, draft.flags), *(() if "--model" in draft.flags else ("--model NAME",))))
    out.print(
        safe_text(
            f"\nwrote {', '.join(str(draft.file.parent / name) for name in (draft.file.name, *draft.beside))}", style="bold"
        )
    )
    out.print(safe_text(f"next: promptwire plan protegi --task {shlex.quote(str(draft.file))} {flags}"))


def _line(guess: Guess) -> str:
    """A guess and its reason, on lines that fit."""
    said = f"{guess.key:<{_KEY}}{_cut(guess.value, _VALUE)} ({guess.why})"
    return textwrap.fill(said, _WIDTH, subsequent_indent=" " * _KEY, break_on_hyphens=False, break_long_words=False)


def _request(one: Tried, title: str) -> Iterator[tuple[str, str]]:
    """Lines of one request, each with its style."""
    yield f"\n{title}", "bold"
    for role, text in one.parts:
        yield f"--- {role}", "cyan"
        yield _cut(text, _LONGEST), ""
    if one.request and one.request.options:
        yield "--- labels", "cyan"
        yield ", ".join(one.request.options), ""
    yield f"--- {one.awaited}", "green"


def _cut(text: str, most: int) -> str:
    """`text` without its middle where it is long."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} [... {len(text) - 2 * half:,} characters more; --json prints them ...] {text[-half:]}"
