"""Diagram as Mermaid: loops as sub-graphs, ports as labels of arrows.

GitHub, GitLab, VS Code and most notebooks draw Mermaid.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from promptwire.drawing.closing import fitting_diagram
from promptwire.drawing.diagram import Arrow, Box, all_boxes
from promptwire.graph.steps import Graph

__all__ = ["render"]

_SHAPES = {
    "input": ('(["', '"])'),
    "output": ('(["', '"])'),
    "state": ('[/"', '"/]'),
    "call": ('["', '"]'),
    "gate": ('{{"', '"}}'),
}
_CLASSES = {
    "input": "fill:#e8f1fd,stroke:#3f74b5,color:#1d2b3a",
    "output": "fill:#e4f5e8,stroke:#3a8a4f,color:#1d2b3a",
    "state": "fill:#fff4d6,stroke:#b5861a,color:#1d2b3a",
    "call": "fill:#ffffff,stroke:#7a8794,color:#1d2b3a",
    "gate": "fill:#ffffff,stroke:#b0413e,color:#1d2b3a",
    "asking": "fill:#f3eefb,stroke:#7c5bb0,color:#1d2b3a",
    "loop": "fill:#fffcf3,stroke:#d0a640,color:#8a6510",
    "each": "fill:#f4fbfb,stroke:#5aa3a3,color:#2c6b6b",
    "pipeline": "fill:#fafbfc,stroke:#b4bdc6,color:#4c5762",
}


def render(graph: Graph, notes: Mapping[str, str] | None = None, *, depth: int | None = None) -> str:
    """Render the graph as Mermaid text. `notes` are further words on boxes, by path.

    Inner pipelines are open down to `depth`; None closes them in a large picture only.
    """
    boxes, arrows = fitting_diagram(graph, notes, depth)
    # Numbered identifiers: a step may be named like a keyword of Mermaid, such as `end`.
    ids = {box.path: f"n{number}" for number, box in enumerate(all_boxes(boxes))}
    # The front matter is YAML: a text in JSON's form is read as it is.
    title = f"{graph.name}: {graph.doc}" if graph.doc else graph.name
    lines = ["---", f"title: {json.dumps(title)}", "---", "flowchart TD", *_boxes(boxes, ids, "  ")]
    lines += [_arrow(arrow, ids) for arrow in arrows]
    for kind, style in _CLASSES.items():
        members = ",".join(ids[box.path] for box in all_boxes(boxes) if _class(box) == kind)
        # The suffix is needed: `call` is a keyword of Mermaid, which then draws nothing.
        lines += [f"  classDef {kind}_box {style}", f"  class {members} {kind}_box"] if members else []
    return "\n".join(lines) + "\n"


def _class(box: Box) -> str:
    return "asking" if box.kind == "call" and box.role else box.kind


def _boxes(boxes: Sequence[Box], ids: dict[str, str], indent: str) -> Iterator[str]:
    for box in boxes:
        if box.children:
            yield f'{indent}subgraph {ids[box.path]} ["{_escape(box.name)}: {_escape(box.caption)}"]'
            yield from _boxes(box.children, ids, indent + "  ")
            yield f"{indent}end"
        else:
            before, after = _SHAPES[box.kind]
            caption = f"{box.caption} · {box.role} model" if box.role else box.caption
            more = "".join(f"<br/>{_escape(line)}" for line in (", ".join(box.details), box.note) if line)
            yield f"{indent}{ids[box.path]}{before}<b>{_escape(box.name)}</b><br/>{_escape(caption)}{more}{after}"


def _arrow(arrow: Arrow, ids: dict[str, str]) -> str:
    line = "-.->" if arrow.back else "-->"
    label = f'|"{_escape(arrow.label)}"|' if arrow.label else ""
    return f"  {ids[arrow.source]} {line}{label} {ids[arrow.target]}"


def _escape(text: str) -> str:
    """Escape `text` for a quoted label."""
    for letter, name in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(letter, name)
    return text
