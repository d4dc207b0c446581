"""What a picture shows of a graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from promptwire.documents import resources
from promptwire.drawing.diagram import Arrow, Box, sketch
from promptwire.language.check import load_graph


def paths(boxes: Sequence[Box]) -> Iterator[str]:
    for box in boxes:
        yield box.path
        yield from paths(box.inside)


@pytest.mark.parametrize("name", resources.pipelines())
def test_every_arrow_joins_boxes_that_are_there(name: str) -> None:
    boxes, arrows = sketch(load_graph(name))
    known = list(paths(boxes))
    assert len(known) == len(set(known))
    assert {end for arrow in arrows for end in (arrow.source, arrow.target)} <= set(known)
    assert arrows


def test_a_loop_is_a_box_with_its_states_and_arrows_that_feed_the_next_round() -> None:
    boxes, arrows = sketch(load_graph("protegi"))
    (loop,) = [box for box in boxes if box.kind == "loop"]
    assert (loop.says, loop.inside[0].path) == ("repeat $rounds = 6", "search.beam")
    assert Arrow("seed", "search.beam", "start") in arrows
    assert Arrow("search.select", "search.beam", "next", back=True) in arrows
    assert Arrow("search.beam", "best", "prompts") in arrows


def test_an_inner_pipeline_and_an_each_show_what_is_in_them() -> None:
    boxes, arrows = sketch(load_graph("protegi"))
    assert "search.expand.family.edits" in list(paths(boxes))
    assert Arrow("search.expand.family.graded", "search.expand.family.errors", "of") in arrows
    assert Arrow("search.expand.beam", "search.expand.family.parent", "") in arrows


def test_a_step_names_the_model_that_it_asks_and_one_that_only_reads_scores_names_none() -> None:
    boxes, _ = sketch(load_graph("ape"))
    asked = {box.path: box.asks for box in boxes}
    assert (asked["proposals"], asked["survivors"], asked["best"]) == ("meta", "task", "")
