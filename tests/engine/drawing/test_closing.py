"""Inner pipelines as one box."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from promptwire.documents import resources
from promptwire.drawing.closing import LARGE, close_pipelines, fitting_diagram
from promptwire.drawing.diagram import Box, make_diagram
from promptwire.language.check import load_graph
from tests.sample_project import Project

PART = "promptwire: 1\ninputs: {train: Examples}\nnodes:\n  a: {use: sample, of: $train, n: 1}\noutputs: {examples: $a}\n"
MAIN = """promptwire: 1
inputs: {seed: Prompts, train: Examples}
params: {wanted: true}
nodes:
  few: {use: sample, of: $train, n: 2}
  part: {use: p.yaml, train: $train, when: $wanted, unless: $few}
outputs: {prompt: $seed, examples: $part}
"""


def every(boxes: Sequence[Box]) -> Iterator[Box]:
    for box in boxes:
        yield box
        yield from every(box.children)


@pytest.mark.parametrize("name", resources.pipelines())
@pytest.mark.parametrize("depth", [0, 1])
def test_every_wire_of_a_closed_diagram_has_both_ends_and_no_wire_is_inside_a_closed_box(name: str, depth: int) -> None:
    boxes, arrows = close_pipelines(*make_diagram(load_graph(name)), depth)
    known = {box.path: box for box in every(boxes)}
    assert {end for arrow in arrows for end in (arrow.source, arrow.target)} <= known.keys()
    assert {path for box in known.values() for paths in box.sources.values() for path in paths} <= known.keys()
    assert all(arrow.source != arrow.target or arrow.back for arrow in arrows)


def test_a_closed_pipeline_names_its_steps_and_roles_and_keeps_its_ports() -> None:
    boxes, arrows = close_pipelines(*make_diagram(load_graph("protegi")), 0)
    expand = next(box for box in every(boxes) if box.path == "search.expand")
    assert (expand.caption, expand.role, expand.children) == ("protegi-expand, 9 steps", "meta and task", ())
    assert {(arrow.source, arrow.port) for arrow in arrows if arrow.target == "search.expand"} == {
        ("search.beam", "beam"),
        ("train", "train"),
    }


def test_only_a_large_picture_closes_its_pipelines() -> None:
    small, large = (list(every(fitting_diagram(load_graph(name), None, None)[0])) for name in ("protegi", "relay"))
    assert any(box.kind == "pipeline" for box in small)
    assert not any(box.kind == "pipeline" for box in large)
    assert len(large) < LARGE < len(list(every(fitting_diagram(load_graph("relay"), None, 9)[0])))


def test_a_closed_pipeline_keeps_the_conditions_of_its_step(project: Project) -> None:
    project.write("p.yaml", PART)
    project.write("main.yaml", MAIN)
    boxes, arrows = close_pipelines(*make_diagram(load_graph(project.folder / "main.yaml")), 0)
    part = next(box for box in boxes if box.path == "part")
    assert part.details == ("when $wanted",)
    into = {(arrow.port, arrow.ref) for arrow in arrows if arrow.target == "part"}
    assert into == {("unless", "$few"), ("train", "$train")}
