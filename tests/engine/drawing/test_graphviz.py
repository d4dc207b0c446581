"""SVG and PNG of shipped pipelines, and one error without the extra."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree

import pytest

from promptwire.documents import resources
from promptwire.drawing.dot import render
from promptwire.drawing.graphviz import draw
from promptwire.errors import UsageError
from promptwire.language.check import load_graph

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", resources.pipelines())
def test_an_svg_shows_every_step_by_name(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    graph = load_graph(name)
    tree = ElementTree.fromstring(draw(render(graph), "svg"))  # noqa: S314 - made by promptwire
    words = {(text.text or "").strip() for text in tree.iter(f"{SVG}text")}
    assert {*graph.steps, *graph.inputs, *graph.outputs} <= words
    assert capfd.readouterr().err == ""


def test_png_output_starts_like_a_png() -> None:
    assert draw(render(load_graph("ape")), "png").startswith(b"\x89PNG")


def test_without_the_extra_one_error_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    with pytest.raises(UsageError, match=r"needs pygraphviz.*\n.*promptwire\[pictures\]"):
        draw("digraph {}", "svg")


def test_invalid_dot_is_one_error() -> None:
    with pytest.raises(UsageError, match="can't draw it"):
        draw("digraph { a -> ", "svg")
