"""Boxes and arrows of a diagram."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from promptwire.documents import resources
from promptwire.drawing.diagram import Arrow, Box, make_diagram
from promptwire.language.check import load_graph


def paths(boxes: Sequence[Box]) -> Iterator[str]:
    for box in boxes:
        yield box.path
        yield from paths(box.children)


@pytest.mark.parametrize("name", resources.pipelines())
def test_every_arrow_joins_existing_boxes(name: str) -> None:
    boxes, arrows = make_diagram(load_graph(name))
    known = list(paths(boxes))
    assert len(known) == len(set(known))
    assert {end for arrow in arrows for end in (arrow.source, arrow.target)} <= set(known)
    assert arrows


def test_a_loop_is_a_box_with_carried_values_and_back_arrows() -> None:
    boxes, arrows = make_diagram(load_graph("protegi"))
    (loop,) = [box for box in boxes if box.kind == "loop"]
    assert (loop.caption, loop.children[0].path) == ("repeat $rounds = 6", "search.beam")
    assert Arrow("seed", "search.beam", "start") in arrows
    assert Arrow("search.select", "search.beam", "next", back=True) in arrows
    assert Arrow("search.beam", "best", "prompts") in arrows


def test_an_inner_pipeline_and_an_each_step_have_inner_boxes() -> None:
    boxes, arrows = make_diagram(load_graph("protegi"))
    assert "search.expand.family.edits" in list(paths(boxes))
    assert Arrow("search.expand.family.graded", "search.expand.family.errors", "of") in arrows
    assert Arrow("search.expand.beam", "search.expand.family.parent", "") in arrows


def test_a_step_has_the_role_it_calls_and_none_if_it_only_reads_scores() -> None:
    boxes, _ = make_diagram(load_graph("ape"))
    roles = {box.path: box.role for box in boxes}
    assert (roles["proposals"], roles["survivors"], roles["best"]) == ("meta", "task", "")
