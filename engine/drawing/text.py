"""Diagram as text: steps in a possible order with the role of their model, loops as frames.

Beside each step stand its inputs as they are written, then its template and settings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from promptwire.drawing.closing import close_pipelines
from promptwire.drawing.diagram import Arrow, Box, make_diagram
from promptwire.graph.steps import Graph

__all__ = ["render"]

_MARKS = {"input": "▸", "output": "◂", "state": "↻", "call": "•", "gate": "?"}


def render(graph: Graph, notes: Mapping[str, str] | None = None, *, depth: int | None = None) -> str:
    """Render the graph as lines of text. `notes` are further words on boxes, by path.

    Inner pipelines are open down to `depth`; None opens all.
    """
    boxes, arrows = make_diagram(graph, notes)
    if depth is not None:
        boxes, arrows = close_pipelines(boxes, arrows, depth)
    rows = list(_rows(boxes, arrows, ""))
    names, kinds = (max(len(row[column]) for row in rows) for column in (0, 1))
    lines = [f"{name:<{names}}  {kind:<{kinds}}  {wires}".rstrip() for name, kind, wires in rows]
    return "\n".join([f"{graph.name}: {graph.doc}" if graph.doc else graph.name, "", *lines]) + "\n"


def _rows(boxes: Sequence[Box], arrows: Sequence[Arrow], frame: str) -> Iterator[tuple[str, str, str]]:
    """Name, caption and inputs of each line."""
    for box in boxes:
        wires = _wires([arrow for arrow in arrows if arrow.target == box.path])
        role = f" · {box.role}" if box.role else ""
        caption = f"{box.caption}{role} ({box.note})" if box.note else f"{box.caption}{role}"
        wires = "; ".join(part for part in (wires, ", ".join(box.details)) if part)
        if box.children:
            yield f"{frame}╭─ {box.name}", caption, wires
            yield from _rows(box.children, arrows, f"{frame}│  ")
            yield f"{frame}╰─", "", ""
        else:
            mark = "↓" if box.kind == "state" and not any(arrow.back for arrow in arrows if arrow.target == box.path) else ""
            yield f"{frame}{mark or _MARKS[box.kind]} {box.name}", caption, wires


def _wires(arrows: Sequence[Arrow]) -> str:
    """The references of each input port as they are written. A union has several at one port."""
    ports: dict[str, list[str]] = {}
    for arrow in arrows:
        ports.setdefault(arrow.port, []).append(arrow.ref)
    shown = {port: f"[{', '.join(refs)}]" if len(refs) > 1 else refs[0] for port, refs in ports.items()}
    return ", ".join(f"{port} ← {refs}".lstrip() for port, refs in shown.items())
