"""`asked`: show the requests of a step, its replies, and how each reply was read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Json, Run

if TYPE_CHECKING:
    from promptwire.errors import UsageError
    from promptwire.results.asked import Asked, ReadReply

__all__ = ["asked"]

_SHOWN = 3
"""Requests that are shown when no number is given."""
_ROUNDS = 20
"""Most rounds that an error names."""


def asked(
    run: Run,
    step: Annotated[
        str | None, typer.Argument(help="Path of a step, such as search.expand.edits. Without one: list the steps.")
    ] = None,
    round_: Annotated[str | None, typer.Option("--round", help="Only this round, such as 1; in a loop in a loop 1.3.")] = None,
    unreadable: Annotated[
        bool, typer.Option("--unreadable", help="Only requests with a reply that could not be read or was taken whole.")
    ] = False,
    most: Annotated[
        int | None,
        typer.Option("-n", "--number", min=0, help="Most requests to show; 0 shows all. Default: 3, with --json all."),
    ] = None,
    json_: Json = False,
) -> None:
    """Show the requests of a step as the model got them, the replies as they came, and what was read out of them."""
    from promptwire.cli.console import console, safe_text
    from promptwire.cli.json_output import print_json
    from promptwire.options import cache_folder
    from promptwire.results.run import Run as OpenedRun
    from promptwire.results.run_list import find_run

    opened = OpenedRun.open(find_run(run))
    if step is None:
        _print_steps(opened.asked_steps, json_=json_)
        return
    found = opened.asked(step, round_, cache=cache_folder())
    if not found and round_ is not None:
        raise _no_round(round_, step, [one.round for one in opened.asked(step)])
    if unreadable:
        found = tuple(one for one in found if not all(reply.readable for reply in one.replies))
    if json_:
        print_json(found[: most or None] if most is not None else found)
        return
    shown = found[: _SHOWN if most is None else most or None]
    out = console()
    for number, one in enumerate(shown, 1):
        out.print(safe_text(_head(one, number, len(found)), style="bold"))
        for line in _lines(one):
            out.print(safe_text(*line))
        out.print()
    for text in _rest(found, len(shown)):
        out.print(safe_text(text, style="dim"))


def _no_round(round_: str, step: str, rounds: Iterable[str]) -> UsageError:
    """The error for a round in which the step asked nothing; `rounds` are those of its requests."""
    from promptwire.errors import UsageError

    known = sorted({one for one in rounds if one}, key=lambda one: [int(part) for part in one.split(".") if part.isdigit()])
    more = f" and {len(known) - _ROUNDS} more" if len(known) > _ROUNDS else ""
    hint = f"it asked in the rounds {', '.join(known[:_ROUNDS])}{more}" if known else "it is in no loop: leave out --round"
    return UsageError(f"{step} asked nothing in round {round_!r}", hint=hint)


def _rest(found: Sequence[Asked], shown: int) -> Iterator[str]:
    """What is not shown of the requests, and what the run folder lacks."""
    rest = len(found) - shown
    if rest or not found:
        yield f"{rest:,} more {'request' if rest == 1 else 'requests'}: -n 0 shows all" if rest else "no such requests"
    bare = [one for one in found if not one.recorded]
    if bare:
        held = sum(all(reply.text is not None for reply in one.replies) for one in bare)
        yield f"of {len(bare):,} of these requests the run folder keeps only the key; the cache holds the replies to {held:,}"


def _print_steps(counts: dict[str, tuple[int, int]], *, json_: bool) -> None:
    """Print the steps that called a model: calls, and requests that the run folder keeps word for word."""
    from promptwire.cli.console import console, print_table
    from promptwire.cli.json_output import print_json

    if json_:
        print_json([{"step": step, "calls": calls, "requests": kept} for step, (calls, kept) in counts.items()])
        return
    lines = [(step, f"{calls:,}", f"{kept:,}") for step, (calls, kept) in counts.items()]
    print_table(lines, ("step", "calls", "requests kept"), console())


def _head(one: Asked, number: int, of: int) -> str:
    round_ = f", round {one.round}" if one.round else ""
    element = f", element {one.element.lstrip('/')}" if one.element else ""
    template = f"   {one.template}" if one.template else ""
    return f"{number} of {of}   {one.path}{round_}{element}   {one.role} {one.model}{template}"


def _lines(one: Asked) -> Iterator[tuple[str, str]]:
    """Lines of one request, each with its style."""
    if one.settings:
        yield ", ".join(f"{name} {value}" for name, value in one.settings.items()), "dim"
    if one.pair is not None:
        yield f"prompt {one.pair[0]}, example {one.pair[1]}", "dim"
    for role, content in one.messages:
        yield f"--- {role}", "cyan"
        yield content, ""
    if one.prompt or one.suffix:
        yield "--- text to complete", "cyan"
        yield f"{one.prompt}[gap]{one.suffix}" if one.suffix else one.prompt, ""
    if one.options:
        yield "--- labels", "cyan"
        yield ", ".join(one.options), ""
    if not one.recorded:
        yield "--- the request is not in the run folder", "cyan"
    for reply in one.replies:
        yield from _reply_lines(reply)
    if one.error:
        yield "--- error", "red"
        yield one.error, ""


def _reply_lines(reply: ReadReply) -> Iterator[tuple[str, str]]:
    source = "" if reply.new is None else ", new" if reply.new else ", from the cache"
    finish = f", {reply.finish}" if reply.finish and reply.finish != "stop" else ""
    again = " (asked again)" if reply.sample >= 1_000_000 else ""
    yield f"--- reply, sample {reply.sample % 1_000_000}{again}{finish}{source}   {reply.key[:12]}", "green"
    if reply.text is None:
        yield "(neither the run folder nor the cache holds it)", "yellow"
    elif reply.text or not reply.weights:
        yield reply.text or "(empty)", ""
    if reply.weights:
        yield "log-probabilities " + ", ".join(f"{weight:.3f}" for weight in reply.weights), ""
    value = "" if reply.value is None else f", value {reply.value:g}"
    if reply.answers is not None and not reply.readable:
        yield (f"--- taken whole{value}", "yellow") if reply.answers else (f"--- unreadable{value}", "red")
    elif reply.answers is not None:
        answers = "1 answer" if len(reply.answers) == 1 else f"{len(reply.answers)} answers"
        yield f"--- read as {answers}{value}", "green"
        yield from ((f"> {answer}", "") for answer in reply.answers)
