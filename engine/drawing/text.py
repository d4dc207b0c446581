"""Diagram as text: steps in a possible order, loops as frames, inputs beside each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from promptwire.drawing.diagram import Arrow, Box, make_diagram
from promptwire.graph.steps import Graph

__all__ = ["render"]

_MARKS = {"input": "▸", "output": "◂", "state": "↻", "call": "•"}


def render(graph: Graph, notes: Mapping[str, str] | None = None) -> str:
    """Render the graph as lines of text. `notes` are further words on boxes, by path."""
    boxes, arrows = make_diagram(graph, notes)
    rows = list(_rows(boxes, arrows, ""))
    names, kinds = (max(len(row[column]) for row in rows) for column in (0, 1))
    lines = [f"{name:<{names}}  {kind:<{kinds}}  {wires}".rstrip() for name, kind, wires in rows]
    return "\n".join([f"{graph.name}: {graph.doc}" if graph.doc else graph.name, "", *lines]) + "\n"


def _rows(boxes: Sequence[Box], arrows: Sequence[Arrow], frame: str) -> Iterator[tuple[str, str, str]]:
    """Name, caption and inputs of each line."""
    for box in boxes:
        wires = _wires([arrow for arrow in arrows if arrow.target == box.path])
        caption = f"{box.caption} ({box.note})" if box.note else box.caption
        if box.children:
            yield f"{frame}╭─ {box.name}", caption, wires
            yield from _rows(box.children, arrows, f"{frame}│  ")
            yield f"{frame}╰─", "", ""
        else:
            mark = "↓" if box.kind == "state" and not any(arrow.back for arrow in arrows if arrow.target == box.path) else ""
            yield f"{frame}{mark or _MARKS[box.kind]} {box.name}", caption, wires


def _wires(arrows: Sequence[Arrow]) -> str:
    """The sources of each input port. A union has several sources at one port."""
    ports: dict[str, list[str]] = {}
    for arrow in arrows:
        name = arrow.source.rpartition(".")[2]
        ports.setdefault(arrow.port, []).append(f"{name}.{arrow.output}" if arrow.output else name)
    return ", ".join(f"{port} ← {' + '.join(names)}".lstrip() for port, names in ports.items())
