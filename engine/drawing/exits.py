"""What a loop carries, drawn twice: at its top as the value of the round, at its bottom as the value of the next one.

A wire back to the top would cross all steps of the loop. A wire that leaves the loop would begin at the top, where its value is
not made. With a box at the bottom, both are short.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from promptwire.drawing.diagram import Arrow, Box

__all__ = ["with_exits"]


def with_exits(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> tuple[tuple[Box, ...], tuple[Arrow, ...]]:
    """Add a box of the kind `exit` for each carried value, and let the wires of the next round and the outside meet there."""
    carried = {arrow.target for arrow in arrows if arrow.back}
    return tuple(_added(box, carried) for box in boxes), tuple(_moved(arrows, carried))


def _added(box: Box, carried: set[str]) -> Box:
    """`box` and the boxes in it with the exits of their loops."""
    inner = tuple(_added(child, carried) for child in box.children)
    ends = [
        Box(_exit(child.path), child.name, "next round, or the result", "exit")
        for child in box.children
        if child.path in carried
    ]
    sources = {name: tuple(_exit(path) if path in carried else path for path in paths) for name, paths in box.sources.items()}
    return replace(box, children=(*inner, *ends), sources=sources)


def _moved(arrows: Sequence[Arrow], carried: set[str]) -> Iterator[Arrow]:
    for arrow in arrows:
        leaves = arrow.source in carried and not arrow.target.startswith(f"{arrow.source.rpartition('.')[0]}.")
        moved = replace(arrow, source=_exit(arrow.source)) if leaves else arrow
        yield replace(moved, target=_exit(arrow.target), port="", back=False) if arrow.back else moved


def _exit(path: str) -> str:
    return f"{path} next"
