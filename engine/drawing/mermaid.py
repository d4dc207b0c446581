"""A pipeline as Mermaid, which GitHub, GitLab, VS Code and most note books draw: loops as sub-graphs, ports on the arrows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promptwire.drawing.diagram import Arrow, Box, sketch
from promptwire.graph.steps import Graph

__all__ = ["paint"]

_SHAPES = {"input": ('(["', '"])'), "output": ('(["', '"])'), "state": ('[/"', '"/]'), "call": ('["', '"]')}
_CLASSES = {
    "input": "fill:#e8f1fd,stroke:#3f74b5,color:#1d2b3a",
    "output": "fill:#e4f5e8,stroke:#3a8a4f,color:#1d2b3a",
    "state": "fill:#fff4d6,stroke:#b5861a,color:#1d2b3a",
    "call": "fill:#ffffff,stroke:#7a8794,color:#1d2b3a",
    "asking": "fill:#f3eefb,stroke:#7c5bb0,color:#1d2b3a",
    "loop": "fill:#fffcf3,stroke:#d0a640,color:#8a6510",
    "each": "fill:#f4fbfb,stroke:#5aa3a3,color:#2c6b6b",
    "pipeline": "fill:#fafbfc,stroke:#b4bdc6,color:#4c5762",
}


def paint(graph: Graph) -> str:
    """The graph as Mermaid text."""
    boxes, arrows = sketch(graph)
    ids = {path: f"n{number}" for number, path in enumerate(_paths(boxes))}
    lines = ["flowchart TD", *_boxes(boxes, ids, "  ")]
    lines += [_arrow(arrow, ids) for arrow in arrows]
    for kind, style in _CLASSES.items():
        members = ",".join(ids[box.path] for box in _all(boxes) if _sort(box) == kind)
        # Not the bare word: `call` is one of Mermaid's own, and no picture came of it.
        lines += [f"  classDef {kind}_box {style}", f"  class {members} {kind}_box"] if members else []
    return "\n".join(lines) + "\n"


def _sort(box: Box) -> str:
    return "asking" if box.kind == "call" and box.asks else box.kind


def _all(boxes: Sequence[Box]) -> Iterator[Box]:
    for box in boxes:
        yield box
        yield from _all(box.inside)


def _paths(boxes: Sequence[Box]) -> list[str]:
    # Numbers for names: Mermaid has words of its own, such as `end`, that would break the drawing.
    return [box.path for box in _all(boxes)]


def _boxes(boxes: Sequence[Box], ids: dict[str, str], indent: str) -> Iterator[str]:
    for box in boxes:
        if box.inside:
            yield f'{indent}subgraph {ids[box.path]} ["{_safe(box.name)}: {_safe(box.says)}"]'
            yield from _boxes(box.inside, ids, indent + "  ")
            yield f"{indent}end"
        else:
            before, after = _SHAPES[box.kind]
            says = f"{box.says} · {box.asks} model" if box.asks else box.says
            yield f"{indent}{ids[box.path]}{before}<b>{_safe(box.name)}</b><br/>{_safe(says)}{after}"


def _arrow(arrow: Arrow, ids: dict[str, str]) -> str:
    line = "-.->" if arrow.back else "-->"
    label = f'|"{_safe(arrow.label)}"|' if arrow.label else ""
    return f"  {ids[arrow.source]} {line}{label} {ids[arrow.target]}"


def _safe(text: str) -> str:
    """Text that can't end the quotes or be taken for a tag."""
    for letter, name in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(letter, name)
    return text
