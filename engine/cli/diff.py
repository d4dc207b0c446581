"""`diff`: show what differs between two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Json, Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.text import Text

    from promptwire.results.run_diff import RunDiff, SharedScores
    from promptwire.results.word_diff import Piece

__all__ = ["diff"]


def diff(
    first: Run,
    second: Annotated[str, typer.Argument(metavar="RUN2", help="The other run, named in the same ways.")],
    json_: Json = False,
) -> None:
    """Show what differs between two runs: settings, prompts word by word, scores on shared examples, cost."""
    from promptwire.cli.console import console
    from promptwire.cli.json_output import print_json
    from promptwire.results.run import Run as OpenedRun
    from promptwire.results.run_diff import diff_runs
    from promptwire.results.run_list import find_run

    found = diff_runs(OpenedRun.open(find_run(first)), OpenedRun.open(find_run(second)))
    if json_:
        print_json(found)
        return
    out = console()
    for line in _lines(found):
        out.print(line)


def _lines(found: RunDiff) -> Iterator[Text]:
    from promptwire.cli.console import safe_text

    yield safe_text(f"A  {found.first}")
    yield safe_text(f"B  {found.second}")
    yield safe_text("")
    yield safe_text("settings that differ" if found.settings else "all recorded settings are equal", style="bold")
    yield from _table([(one.name, one.first or "-", one.second or "-") for one in found.settings])
    for name, pieces in (("initial prompt", found.initial), ("best prompt", found.best)):
        if pieces and (name == "best prompt" or any(piece.kind != "same" for piece in pieces)):
            same = all(piece.kind == "same" for piece in pieces)
            yield safe_text("")
            yield safe_text(f"{name}{', the same in both' if same else ''}", style="bold")
            yield _words(pieces)
    if not found.same_demos:
        yield safe_text("the best prompts have different demonstrations", style="yellow")
    if not found.same_companions:
        yield safe_text("the best prompts have different companion texts", style="yellow")
    if found.scores is not None:
        yield safe_text("")
        yield from _scores(found.scores, found.unshared)
    yield safe_text("")
    yield safe_text("cost", style="bold")
    yield from _table([(one.name, one.first or "-", one.second or "-") for one in found.costs])
    for note in found.notes:
        yield safe_text(note, style="yellow")


def _table(rows: Sequence[tuple[str, str, str]]) -> Iterator[Text]:
    """Rows with their first two columns as wide as they need."""
    from promptwire.cli.console import safe_text

    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    for name, one, other in rows:
        yield safe_text(f"  {name:<{widths[0]}}  {one:<{widths[1]}}  {other}")


def _words(pieces: Sequence[Piece]) -> Text:
    """The pieces, with marks that are seen without colours too."""
    from rich.text import Text

    from promptwire.security.sanitizer import sanitize

    marks = {"same": ("", "", ""), "removed": ("[-", "-]", "red"), "added": ("{+", "+}", "green")}
    parts = [(f"{marks[one.kind][0]}{sanitize(one.text)}{marks[one.kind][1]}", marks[one.kind][2]) for one in pieces]
    return Text.assemble("  ", *parts)


def _scores(scores: SharedScores, unshared: tuple[int, int]) -> Iterator[Text]:
    from promptwire.cli.console import safe_text

    found = scores.verdict
    only = f" ({unshared[0]} only in A, {unshared[1]} only in B)" if any(unshared) else ""
    yield safe_text(f"best prompts on {found.n} shared held-out examples{only}", style="bold")
    yield safe_text(f"  A {scores.first:.3f}, B {scores.second:.3f}")
    if found.kind == "same prompt":
        yield safe_text("  the prompts are the same")
        return
    words = {"better": "B is better", "worse": "B is worse", "not shown": "no difference is shown"}[found.kind]
    interval = "" if found.low is None or found.high is None else f" [{found.low:+.3f}, {found.high:+.3f}]"
    tested = "" if found.p is None else f", p = {found.p:.3g} ({found.test})"
    style = {"better": "green", "worse": "red"}.get(found.kind, "yellow")
    yield safe_text(f"  {words}: {found.gain:+.3f}{interval}{tested}", style=style)
    yield safe_text(f"  {found.fixed} better in B, {found.broken} better in A, {found.n - found.fixed - found.broken} equal")
