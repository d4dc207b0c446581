"""Diagram as DOT, the language of Graphviz.

A step is a box with its ports as cells, so that a wire ends at its port. Inputs are on top, outputs below. Loops, `each` steps
and inner pipelines are frames whose title says how often they run. A wire to the next round is dashed and goes back up. Steps
that call a model are tinted and name its role.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from promptwire.drawing.diagram import Arrow, Box, make_diagram
from promptwire.graph.steps import Graph

__all__ = ["render"]

_FONT: Final = "Helvetica,Arial,sans-serif"
_INK, _GREY, _LINE = "#1d2b3a", "#66727f", "#7a8794"
_FILLS: Final[Mapping[str, tuple[str, str]]] = {
    "input": ("#e8f1fd", "#3f74b5"),
    "output": ("#e4f5e8", "#3a8a4f"),
    "state": ("#fff4d6", "#b5861a"),
    "call": ("#ffffff", "#7a8794"),
    "asking": ("#f3eefb", "#7c5bb0"),
}
"""Fill and border by kind of box; `asking` is a call of a model."""
_FRAMES: Final[Mapping[str, tuple[str, str, str]]] = {
    "loop": ("#fffcf3", "#d0a640", "#8a6510"),
    "each": ("#f4fbfb", "#5aa3a3", "#2c6b6b"),
    "pipeline": ("#fafbfc", "#b4bdc6", "#4c5762"),
}
"""Fill, border and title colour by kind of frame."""


def render(graph: Graph, notes: Mapping[str, str] | None = None) -> str:
    """Render the graph as DOT. `notes` are further lines of boxes, by path."""
    boxes, arrows = make_diagram(graph, notes)
    ids = {box.path: f"n{number}" for number, box in enumerate(_all(boxes))}
    lines = [
        "digraph {",
        f'  graph [fontname="{_FONT}", nodesep=0.35, ranksep=0.5, pad=0.25, compound=true, newrank=true, bgcolor=white];',
        f'  node [shape=plain, fontname="{_FONT}", fontcolor="{_INK}"];',
        f'  edge [color="{_LINE}", arrowsize=0.65, penwidth=1.1, fontname="{_FONT}", fontsize=9, fontcolor="{_GREY}"];',
        *_boxes(boxes, arrows, ids, "  "),
        *_ranks(boxes, ids),
        *_wires(boxes, arrows, ids),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _all(boxes: Sequence[Box]) -> Iterator[Box]:
    for box in boxes:
        yield box
        yield from _all(box.children)


def _boxes(boxes: Sequence[Box], arrows: Sequence[Arrow], ids: Mapping[str, str], indent: str) -> Iterator[str]:
    for box in boxes:
        if not box.children:
            yield f"{indent}{ids[box.path]} [label=<{_table(box, arrows)}>];"
            continue
        fill, border, ink = _FRAMES[box.kind]
        caption = " \u00b7 ".join(part for part in (box.caption, box.note) if part)
        title = f'<b>{_escape(box.name)}</b>  <font color="{_GREY}">{_escape(caption)}</font>'
        yield f"{indent}subgraph cluster_{ids[box.path]} {{"
        look = f'style="rounded,filled", fillcolor="{fill}", color="{border}", penwidth=1.4, margin=14'
        yield f'{indent}  graph [label=<{title}>, labeljust=l, fontsize=13, fontcolor="{ink}", {look}];'
        yield from _boxes(box.children, arrows, ids, indent + "  ")
        yield f"{indent}}}"


def _ranks(boxes: Sequence[Box], ids: Mapping[str, str]) -> Iterator[str]:
    for kind, rank in (("input", "min"), ("output", "max")):
        members = "; ".join(ids[box.path] for box in boxes if box.kind == kind)
        if members:
            yield f"  {{ rank={rank}; {members} }}"


def _table(box: Box, arrows: Sequence[Arrow]) -> str:
    """Label of a box: a row of used input ports, the name and caption, a row of used output ports."""
    into = list(dict.fromkeys(arrow.port for arrow in arrows if arrow.target == box.path and arrow.port))
    out = list(dict.fromkeys(arrow.output for arrow in arrows if arrow.source == box.path and arrow.output))
    fill, border = _FILLS["asking" if box.kind == "call" and box.role else box.kind]
    width = max(1, len(into)) * max(1, len(out))
    caption = _escape(box.caption) + (f' <font color="{border}">· {_escape(box.role)} model</font>' if box.role else "")
    caption += f'</font><br/><font point-size="10" color="{_INK}">{_escape(box.note)}' if box.note else ""
    rows = [
        _ports(into, "in", width, border),
        f'<tr><td colspan="{width}" cellpadding="5" border="0"><font point-size="13"><b>{_escape(box.name)}</b></font><br/>'
        f'<font point-size="10" color="{_GREY}">{caption}</font></td></tr>',
        _ports(out, "out", width, border),
    ]
    return (
        f'<table border="1" cellborder="0" cellspacing="0" cellpadding="2" style="rounded" bgcolor="{fill}" color="{border}">'
        + "".join(rows)
        + "</table>"
    )


def _ports(names: Sequence[str], side: str, width: int, color: str) -> str:
    if not names:
        return ""
    edge = "b" if side == "in" else "t"
    cells = "".join(
        f'<td port="{side}_{_identifier(name)}" colspan="{width // len(names)}" border="1" sides="{edge}" color="{color}66">'
        f'<font point-size="9" color="{_GREY}"> {_escape(name)} </font></td>'
        for name in names
    )
    return f"<tr>{cells}</tr>"


def _wires(boxes: Sequence[Box], arrows: Sequence[Arrow], ids: Mapping[str, str]) -> Iterator[str]:
    """The wires. Graphviz draws no edge from a frame, so a wire starts at the inner box that makes the value."""
    by_path = {box.path: box for box in _all(boxes)}
    back_arrows = {arrow.target: arrow for arrow in arrows if arrow.back}
    for arrow in arrows:
        style = f'style=dashed, color="{_FILLS["state"][1]}", constraint=false' if arrow.back else ""
        loop = arrow.source.rpartition(".")[0]
        if arrow.source in back_arrows and not arrow.target.startswith(f"{loop}."):
            # A loop's output is the `next` value of its last round. It leaves the frame below, labelled with the carried name.
            name, around = by_path[arrow.source].name, f"cluster_{ids[loop]}"
            style = f"ltail={around}, label=< {_escape(name)} >"
            sources = [end for one in [back_arrows[arrow.source]] for end in _innermost(one.source, one.output, by_path)]
        else:
            sources = _innermost(arrow.source, arrow.output, by_path)
        for source, output in sources:
            tail = ids[source] + (":e" if arrow.back else f":out_{_identifier(output)}:s" if output and not style else ":s")
            head = ids[arrow.target] + (f":in_{_identifier(arrow.port)}:n" if arrow.port else ":n")
            yield f"  {tail} -> {head} [{style}];"


def _innermost(path: str, output: str, by_path: Mapping[str, Box]) -> list[tuple[str, str]]:
    """Find the innermost boxes and ports that make the output of the box at `path`."""
    box = by_path[path]
    if not box.sources:
        return [(path, output)]
    ends = box.sources.get(output) or next(iter(box.sources.values()))
    return [inner for end in ends for inner in _innermost(end, "", by_path)]


def _identifier(name: str) -> str:
    """A port's name in the characters that Graphviz allows: letters, digits and underscores."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)


def _escape(text: str) -> str:
    """Escape `text` for an HTML-like label."""
    for letter, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(letter, name)
    return text
