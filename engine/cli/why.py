"""`why`: explain which calls of a step were new, compared with an earlier run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Run

if TYPE_CHECKING:
    from promptwire.results.call_diff import Reason

__all__ = ["why"]

_MEANINGS = {
    "settings": "sampling settings",
    "sample": "sample number: more samples were requested",
    "stream": "draw stream (run seed/rounds of the loops)",
    "identity": "model or address",
    "messages": "text: the template, the prompt or the example",
    "prompt": "text: the template, the prompt or the example",
    "suffix": "text after the gap",
    "options": "labels",
    "kind": "kind of request",
}
_SHORT = ("settings", "sample", "stream", "identity", "kind")
"""Parts recorded by value. Of the others only a hash is recorded."""


def why(
    run: Run,
    node: Annotated[str, typer.Argument(help="Path of a step, such as search.select.")],
    other: Annotated[str | None, typer.Argument(help="The run to compare with. Default: the one before.")] = None,
) -> None:
    """Explain why a step made new calls. Names the parts that differ from the calls of another run."""
    from promptwire.errors import PromptwireError
    from promptwire.results.call_diff import explain, read_calls
    from promptwire.results.run_list import find_run

    folder = find_run(run)
    calls = read_calls(folder, node)
    new = sum(call.new for call in calls)
    sys.stdout.write(f"{node}: {len(calls)} calls, {new} new, {len(calls) - new} from the cache\n")
    before = find_run(other) if other else _before(folder)
    if before is None:
        sys.stdout.write("there is no earlier run to compare with\n")
        return
    try:
        others = read_calls(before, node)
    except PromptwireError:
        others = read_calls(before, "")  # a step's name is not in the key: it may have been another then
    reasons = explain(calls, others)
    same = len({call.key for call in calls} & {call.key for call in others})
    sys.stdout.write(f"compared with {before.name}:\n  {same} calls are the same\n")
    for reason in reasons:
        sys.stdout.write(_line(reason))


def _line(reason: Reason) -> str:
    if not reason.here:
        return f"  {reason.count} have no similar call in that run\n"
    differences = []
    for part, here, there in zip(reason.parts, reason.here, reason.there, strict=True):
        values = f" ({there} -> {here})" if part in _SHORT else ""
        differences.append(f"{_MEANINGS[part]}{values}")
    return f"  {reason.count} differ in: {'; '.join(differences)}\n"


def _before(folder: Path) -> Path | None:
    """The newest run before that in `folder`."""
    folder = folder.absolute()
    earlier = [path for path in folder.parent.iterdir() if path.name < folder.name and (path / "calls.jsonl").is_file()]
    return max(earlier, key=lambda path: path.name, default=None)
