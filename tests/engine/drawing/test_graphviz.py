"""Pictures: real SVG and PNG of every shipped pipeline, and one clear error where the extra is missing."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree

import pytest

from promptwire.documents import resources
from promptwire.drawing.dot import paint
from promptwire.drawing.graphviz import draw
from promptwire.errors import UsageError
from promptwire.language.check import load_graph

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", resources.pipelines())
def test_an_svg_shows_every_step_by_name(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    graph = load_graph(name)
    tree = ElementTree.fromstring(draw(paint(graph), "svg"))  # noqa: S314 - it is ours
    words = {(text.text or "").strip() for text in tree.iter(f"{SVG}text")}
    assert {*graph.steps, *graph.inputs, *graph.outputs} <= words
    assert capfd.readouterr().err == ""


def test_a_png_is_one() -> None:
    assert draw(paint(load_graph("ape")), "png").startswith(b"\x89PNG")


def test_without_the_extra_there_is_one_error_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    with pytest.raises(UsageError, match=r"needs pygraphviz.*\n.*promptwire\[pictures\]"):
        draw("digraph {}", "svg")


def test_what_graphviz_can_not_read_is_one_error_too() -> None:
    with pytest.raises(UsageError, match="can't draw it"):
        draw("digraph { a -> ", "svg")
