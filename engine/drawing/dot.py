"""Diagram as DOT, the language of Graphviz.

A step is a box with its ports as cells, so that a wire ends at its port. Inputs are on top, outputs below. Loops, `each` steps
and inner pipelines are frames whose title says how often they run. What a loop carries is a box at its top, and again at its
bottom: there it is the value for the next round, and after the last round the loop's output. Steps that call a model are tinted
and name its role.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Final

from promptwire.drawing.closing import fitting_diagram
from promptwire.drawing.diagram import Arrow, Box, all_boxes, makers
from promptwire.drawing.exits import with_exits
from promptwire.graph.steps import Graph

__all__ = ["render"]

_FONT: Final = "Helvetica,Arial,sans-serif"
_INK, _GREY, _LINE = "#1d2b3a", "#66727f", "#7a8794"
_FILLS: Final[Mapping[str, tuple[str, str]]] = {
    "input": ("#e8f1fd", "#3f74b5"),
    "output": ("#e4f5e8", "#3a8a4f"),
    "state": ("#fff4d6", "#b5861a"),
    "exit": ("#fff4d6", "#b5861a"),
    "gate": ("#ffffff", "#b0413e"),
    "call": ("#ffffff", "#7a8794"),
    "asking": ("#f3eefb", "#7c5bb0"),
}
"""Fill and border by kind of box; `asking` is a call of a model."""
_WIDEST: Final = 34
"""Characters of a line of details."""
_TITLE: Final = 90
"""Characters of a line of the title."""
_LEFT: Final = '<br align="left"/>'
_BLANK: Final = "\0"
_FRAMES: Final[Mapping[str, tuple[str, str, str]]] = {
    "loop": ("#fffcf3", "#d0a640", "#8a6510"),
    "each": ("#f4fbfb", "#5aa3a3", "#2c6b6b"),
    "pipeline": ("#fafbfc", "#b4bdc6", "#4c5762"),
}
"""Fill, border and title colour by kind of frame."""


def render(graph: Graph, notes: Mapping[str, str] | None = None, *, depth: int | None = None) -> str:
    """Render the graph as DOT. `notes` are further lines of boxes, by path.

    Inner pipelines are open down to `depth`; None closes them in a large picture only.
    """
    boxes, arrows = with_exits(*fitting_diagram(graph, notes, depth))
    ids = {box.path: f"n{number}" for number, box in enumerate(all_boxes(boxes))}
    doc = _lines(graph.doc, _TITLE).replace("<br/>", _LEFT)
    gap = f'<font point-size="4"> </font>{_LEFT}'  # the name is larger than the lines below it
    title = f'<b>{_escape(graph.name)}</b>{_LEFT}{gap}<font point-size="11" color="{_GREY}">{doc}{_LEFT}</font>'
    lines = [
        "digraph {",
        f'  graph [fontname="{_FONT}", nodesep=0.3, ranksep=0.38, pad=0.25, newrank=true, bgcolor=white];',
        f'  graph [label=<{title}>, labelloc=t, labeljust=l, fontsize=15, fontcolor="{_INK}"];',
        f'  node [shape=plain, fontname="{_FONT}", fontcolor="{_INK}"];',
        f'  edge [color="{_LINE}", arrowsize=0.65, penwidth=1.1, fontname="{_FONT}", fontsize=9, fontcolor="{_GREY}"];',
        *_boxes(boxes, arrows, ids, "  "),
        *_ranks(boxes, ids),
        *_wires(boxes, arrows, ids),
        "}",
    ]
    return "\n".join(lines) + "\n"


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
    for frame in all_boxes(boxes):
        for kind in ("state", "exit"):
            members = "; ".join(ids[box.path] for box in frame.children if box.kind == kind)
            if ";" in members and frame.kind == "loop":
                yield f"  {{ rank=same; {members} }}"


def _table(box: Box, arrows: Sequence[Arrow]) -> str:
    """Label of a box: a row of used input ports, the name and caption, a row of used output ports."""
    into = list(dict.fromkeys(arrow.port for arrow in arrows if arrow.target == box.path and arrow.port))
    out = list(dict.fromkeys(arrow.output for arrow in arrows if arrow.source == box.path and arrow.output))
    fill, border = _FILLS["asking" if box.kind == "call" and box.role else box.kind]
    width = max(1, len(into)) * max(1, len(out))
    caption = _escape(box.caption) + (f' <font color="{border}">· {_escape(box.role)} model</font>' if box.role else "")
    if box.details:
        caption += f'</font><br/><font point-size="9" color="{_INK}">{_lines(_details(box), _WIDEST)}'
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
    """The wires. A wire from a frame starts at the inner box that makes the value."""
    by_path = {box.path: box for box in all_boxes(boxes)}
    for arrow in arrows:
        for source, output in makers(arrow.source, arrow.output, by_path):
            tail = ids[source] + (f":out_{_identifier(output)}:s" if output else ":s")
            head = ids[arrow.target] + (f":in_{_identifier(arrow.port)}:n" if arrow.port else ":n")
            yield f"  {tail} -> {head};"


def _details(box: Box) -> str:
    return ", ".join(part.replace(" ", _BLANK) for part in box.details)


def _lines(text: str, width: int) -> str:
    """`text` in lines of at most `width` characters, escaped. A name and its value, joined by `_BLANK`, stay in one line."""
    return "<br/>".join(_escape(line.replace(_BLANK, " ")) for line in wrap(text, width))


def _identifier(name: str) -> str:
    """A port's name in the characters that Graphviz allows: letters, digits and underscores."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)


def _escape(text: str) -> str:
    """Escape `text` for an HTML-like label."""
    for letter, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(letter, name)
    return text
