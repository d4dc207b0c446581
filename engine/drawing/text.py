"""Diagram as text: steps in a possible order with the role of their model, loops as frames.

Beside each step stand its inputs as they are written, then its template and settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Final

from promptwire.drawing.closing import close_pipelines
from promptwire.drawing.diagram import Arrow, Box, make_diagram
from promptwire.graph.steps import Graph

__all__ = ["render"]

_MARKS = {"input": "▸", "output": "◂", "state": "↻", "call": "•", "gate": "?"}
_NARROWEST: Final = 24
"""Characters that the last column needs at least to be wrapped."""
_BLANK: Final = "\0"
"""A blank at which no line ends, as between a setting and its value."""


def render(graph: Graph, notes: Mapping[str, str] | None = None, *, depth: int | None = None, width: int | None = None) -> str:
    """Render the graph as lines of text. `notes` are further words on boxes, by path.

    Inner pipelines are open down to `depth`; None opens all. Lines are wrapped at `width`, inside their column.
    """
    boxes, arrows = make_diagram(graph, notes)
    if depth is not None:
        boxes, arrows = close_pipelines(boxes, arrows, depth)
    rows = list(_rows(boxes, arrows, ""))
    names, kinds = max(len(frame + name) for frame, name, *_ in rows), max(len(kind) for _, _, kind, _ in rows)
    room = (width or 0) - names - kinds - 4
    lines = []
    for frame, name, kind, wires in rows:
        first, *rest = _wrapped(wires, room if room >= _NARROWEST else None) or [""]
        lines.append(f"{frame + name:<{names}}  {kind:<{kinds}}  {first}".rstrip())
        lines += [f"{frame:<{names}}  {'':<{kinds}}  {line}" for line in rest]
    title = _wrapped(f"{graph.name}: {graph.doc}" if graph.doc else graph.name, width)
    return "\n".join([*title, "", *lines]) + "\n"


def _wrapped(text: str, width: int | None) -> list[str]:
    lines = [text] if width is None else wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(_BLANK, " ") for line in lines]


def _rows(boxes: Sequence[Box], arrows: Sequence[Arrow], frame: str) -> Iterator[tuple[str, str, str, str]]:
    """Frames, name, caption and inputs of each line."""
    for box in boxes:
        wires = _wires([arrow for arrow in arrows if arrow.target == box.path])
        role = f" · {box.role}" if box.role else ""
        caption = f"{box.caption}{role} ({box.note})" if box.note else f"{box.caption}{role}"
        details = ", ".join(part.replace(" ", _BLANK) for part in box.details)
        wires = "; ".join(part for part in (wires, details) if part)
        if box.children:
            yield frame, f"╭─ {box.name}", caption, wires
            yield from _rows(box.children, arrows, f"{frame}│  ")
            yield frame, "╰─", "", ""
        else:
            mark = "↓" if box.kind == "state" and not any(arrow.back for arrow in arrows if arrow.target == box.path) else ""
            yield frame, f"{mark or _MARKS[box.kind]} {box.name}", caption, wires


def _wires(arrows: Sequence[Arrow]) -> str:
    """The references of each input port as they are written. A union has several at one port."""
    ports: dict[str, list[str]] = {}
    for arrow in arrows:
        ports.setdefault(arrow.port, []).append(arrow.ref)
    shown = {port: f"[{', '.join(refs)}]" if len(refs) > 1 else refs[0] for port, refs in ports.items()}
    return ", ".join(f"{port}{_BLANK}←{_BLANK}{refs}".lstrip(_BLANK) for port, refs in shown.items())
