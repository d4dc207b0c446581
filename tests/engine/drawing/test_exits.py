"""Carried values at the bottom of their loop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from promptwire.documents import resources
from promptwire.drawing.diagram import Box, make_diagram
from promptwire.drawing.exits import with_exits
from promptwire.language.check import load_graph


def paths(boxes: Sequence[Box]) -> Iterator[tuple[str, str]]:
    for box in boxes:
        yield box.path, box.kind
        yield from paths(box.children)


@pytest.mark.parametrize("name", resources.pipelines())
def test_no_wire_goes_back_or_leaves_a_loop_at_its_top(name: str) -> None:
    drawn, arrows = make_diagram(load_graph(name))
    boxes, moved = with_exits(drawn, arrows)
    known = dict(paths(boxes))
    carried = {arrow.target for arrow in arrows if arrow.back}
    assert {path.removesuffix(" next") for path, kind in known.items() if kind == "exit"} == carried
    assert not any(arrow.back for arrow in moved)
    assert {end for arrow in moved for end in (arrow.source, arrow.target)} <= known.keys()
    for arrow in moved:
        if arrow.source in carried:
            assert arrow.target.startswith(arrow.source.rpartition(".")[0])
