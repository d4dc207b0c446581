"""A pipeline in the language of Graphviz: a box for each step with its ports as cells, so that a wire ends where it belongs.

Inputs stand on top, outputs below. Loops, sub-graphs for each element and inner pipelines are frames with a title that says how
often they run; what a loop hands to its next round is dashed and goes back up. Steps that ask a model are tinted and name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from promptwire.drawing.diagram import Arrow, Box, sketch
from promptwire.graph.steps import Graph

__all__ = ["paint"]

_FONT: Final = "Helvetica,Arial,sans-serif"
_INK, _GREY, _LINE = "#1d2b3a", "#66727f", "#7a8794"
_FILLS: Final[Mapping[str, tuple[str, str]]] = {
    "input": ("#e8f1fd", "#3f74b5"),
    "output": ("#e4f5e8", "#3a8a4f"),
    "state": ("#fff4d6", "#b5861a"),
    "call": ("#ffffff", "#7a8794"),
    "asking": ("#f3eefb", "#7c5bb0"),
}
"""Fill and border by sort of box."""
_FRAMES: Final[Mapping[str, tuple[str, str, str]]] = {
    "loop": ("#fffcf3", "#d0a640", "#8a6510"),
    "each": ("#f4fbfb", "#5aa3a3", "#2c6b6b"),
    "pipeline": ("#fafbfc", "#b4bdc6", "#4c5762"),
}
"""Fill, border and title by sort of frame."""


def paint(graph: Graph) -> str:
    """The graph as DOT."""
    boxes, arrows = sketch(graph)
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
        yield from _all(box.inside)


def _boxes(boxes: Sequence[Box], arrows: Sequence[Arrow], ids: Mapping[str, str], indent: str) -> Iterator[str]:
    for box in boxes:
        if not box.inside:
            yield f"{indent}{ids[box.path]} [label=<{_table(box, arrows)}>];"
            continue
        fill, border, ink = _FRAMES[box.kind]
        title = f'<b>{_safe(box.name)}</b>  <font color="{_GREY}">{_safe(box.says)}</font>'
        yield f"{indent}subgraph cluster_{ids[box.path]} {{"
        look = f'style="rounded,filled", fillcolor="{fill}", color="{border}", penwidth=1.4, margin=14'
        yield f'{indent}  graph [label=<{title}>, labeljust=l, fontsize=13, fontcolor="{ink}", {look}];'
        yield from _boxes(box.inside, arrows, ids, indent + "  ")
        yield f"{indent}}}"


def _ranks(boxes: Sequence[Box], ids: Mapping[str, str]) -> Iterator[str]:
    for kind, rank in (("input", "min"), ("output", "max")):
        members = "; ".join(ids[box.path] for box in boxes if box.kind == kind)
        if members:
            yield f"  {{ rank={rank}; {members} }}"


def _table(box: Box, arrows: Sequence[Arrow]) -> str:
    """The label: a row of ports that something comes to, what the box is, a row of ports that something leaves from."""
    into = list(dict.fromkeys(arrow.port for arrow in arrows if arrow.target == box.path and arrow.port))
    out = list(dict.fromkeys(arrow.output for arrow in arrows if arrow.source == box.path and arrow.output))
    fill, border = _FILLS["asking" if box.kind == "call" and box.asks else box.kind]
    width = max(1, len(into)) * max(1, len(out))
    says = _safe(box.says) + (f' <font color="{border}">· {_safe(box.asks)} model</font>' if box.asks else "")
    rows = [
        _ports(into, "in", width, border),
        f'<tr><td colspan="{width}" cellpadding="5" border="0"><font point-size="13"><b>{_safe(box.name)}</b></font><br/>'
        f'<font point-size="10" color="{_GREY}">{says}</font></td></tr>',
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
        f'<td port="{side}_{_word(name)}" colspan="{width // len(names)}" border="1" sides="{edge}" color="{color}66">'
        f'<font point-size="9" color="{_GREY}"> {_safe(name)} </font></td>'
        for name in names
    )
    return f"<tr>{cells}</tr>"


def _wires(boxes: Sequence[Box], arrows: Sequence[Arrow], ids: Mapping[str, str]) -> Iterator[str]:
    """The wires. Graphviz draws none from a frame, so each begins at the box in it that the value comes from."""
    known = {box.path: box for box in _all(boxes)}
    nexts = {arrow.target: arrow for arrow in arrows if arrow.back}
    for arrow in arrows:
        style = f'style=dashed, color="{_FILLS["state"][1]}", constraint=false' if arrow.back else ""
        loop = arrow.source.rpartition(".")[0]
        if arrow.source in nexts and not arrow.target.startswith(f"{loop}."):
            # What leaves a loop is what the last round handed on: it comes out below, under the state's name.
            name, around = known[arrow.source].name, f"cluster_{ids[loop]}"
            style = f"ltail={around}, label=< {_safe(name)} >"
            sources = [end for one in [nexts[arrow.source]] for end in _leaves(one.source, one.output, known)]
        else:
            sources = _leaves(arrow.source, arrow.output, known)
        for source, output in sources:
            tail = ids[source] + (":e" if arrow.back else f":out_{_word(output)}:s" if output and not style else ":s")
            head = ids[arrow.target] + (f":in_{_word(arrow.port)}:n" if arrow.port else ":n")
            yield f"  {tail} -> {head} [{style}];"


def _leaves(path: str, output: str, known: Mapping[str, Box]) -> list[tuple[str, str]]:
    """The boxes, and the ports, that the output of the box at `path` comes from."""
    box = known[path]
    if not box.gives:
        return [(path, output)]
    inner = box.gives.get(output) or next(iter(box.gives.values()))
    return [leaf for end in inner for leaf in _leaves(end, "", known)]


def _word(name: str) -> str:
    """A port's name as Graphviz takes it: letters, digits and underscores."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)


def _safe(text: str) -> str:
    """Text that can't be taken for a tag."""
    for letter, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(letter, name)
    return text
