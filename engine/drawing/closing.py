"""Closes inner pipelines of a diagram: each becomes one box, so that a picture of nested pipelines stays readable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from promptwire.drawing.diagram import Arrow, Box, Diagram, all_boxes, make_diagram
from promptwire.graph.steps import Graph

__all__ = ["LARGE", "close_pipelines", "fitting_diagram"]

LARGE: Final = 40
"""Boxes above which a picture closes its inner pipelines."""


def fitting_diagram(graph: Graph, notes: Mapping[str, str] | None, depth: int | None) -> Diagram:
    """The diagram with inner pipelines open down to `depth`; None closes them all in a large one only."""
    boxes, arrows = make_diagram(graph, notes)
    if depth is None:
        depth = 0 if sum(1 for _ in all_boxes(boxes)) > LARGE else None
    return (boxes, arrows) if depth is None else close_pipelines(boxes, arrows, depth)


def close_pipelines(boxes: Sequence[Box], arrows: Sequence[Arrow], depth: int) -> Diagram:
    """Close the pipelines that lie in `depth` others. Wires of their inner steps end at the closed box."""
    closed = set(_deep(boxes, depth))
    moved = []
    for arrow in arrows:
        source, target = _around(arrow.source, closed), _around(arrow.target, closed)
        if source == target and source in closed:
            continue
        port = arrow.port or ("" if target == arrow.target else arrow.target.rpartition(".")[2])
        moved.append(replace(arrow, source=source, target=target, port=port))
    return tuple(_shut(box, closed) for box in boxes), tuple(dict.fromkeys(moved))


def _deep(boxes: Sequence[Box], depth: int) -> Iterator[str]:
    """Paths of the outermost pipelines that lie in `depth` others."""
    for box in boxes:
        if box.kind == "pipeline" and depth == 0:
            yield box.path
        else:
            yield from _deep(box.children, depth - (box.kind == "pipeline"))


def _around(path: str, closed: set[str]) -> str:
    """The closed box that holds `path`, or `path` itself."""
    return next((one for one in closed if path == one or path.startswith(f"{one}.")), path)


def _shut(box: Box, closed: set[str]) -> Box:
    if box.path not in closed:
        sources = {name: tuple(dict.fromkeys(_around(path, closed) for path in paths)) for name, paths in box.sources.items()}
        return replace(box, children=tuple(_shut(child, closed) for child in box.children), sources=sources)
    inner = list(all_boxes(box.children))
    steps = sum(one.kind == "call" for one in inner)
    roles = dict.fromkeys(one.role for one in inner if one.role)
    notes = dict.fromkeys(one.note for one in (box, *inner) if one.note)
    caption = f"{box.caption}, {steps} {'step' if steps == 1 else 'steps'}"
    conditions = tuple(part for child in box.children if child.kind == "gate" for part in child.details)
    role, note = " and ".join(roles), "; ".join(notes)
    return Box(box.path, box.name, caption, "call", role=role, details=conditions, note=note)
