"""DOT that Graphviz takes: every wire has both ends, frames close, and nothing breaks out of a label."""

from __future__ import annotations

import re

import pytest

from promptwire.documents import resources
from promptwire.drawing.dot import paint
from promptwire.language.check import load_graph
from tests.sample_project import Project


@pytest.mark.parametrize("name", resources.pipelines())
def test_every_wire_ends_at_a_box_and_at_a_port_that_it_has(name: str) -> None:
    text = paint(load_graph(name))
    ports = {
        found[1]: set(re.findall(r'port="(\w+)"', found[2]))
        for found in re.finditer(r"^ *(n\d+) \[label=<(.*)>\];$", text, re.M)
    }
    wires = re.findall(r"^ *(n\d+)(?::(\w+))?(?::\w)? -> (n\d+)(?::(\w+))?(?::\w)? \[", text, re.M)
    assert len(wires) == text.count(" -> ") > 0
    for source, out, target, into in wires:
        assert source in ports and target in ports
        assert not out or len(out) == 1 or out in ports[source]
        assert not into or len(into) == 1 or into in ports[target]
    assert text.count("{") == text.count("}")


def test_a_loop_is_a_frame_with_its_rounds_and_its_way_back_is_dashed() -> None:
    text = paint(load_graph("protegi"))
    assert "<b>search</b>" in text and "repeat $rounds = 6" in text
    assert text.count("style=dashed") == 1
    assert "repeat $rounds = 2" in paint(load_graph("protegi", params={"rounds": 2}))


def test_what_leaves_a_loop_comes_out_of_its_frame_under_the_states_name() -> None:
    (line,) = [line for line in paint(load_graph("protegi")).splitlines() if "ltail" in line]
    assert "label=< beam >" in line


def test_what_an_inner_pipeline_gives_comes_from_the_step_in_it_that_makes_it() -> None:
    text = paint(load_graph("protegi"))
    (children,) = re.findall(r"(n\d+) \[label=<[^\n]*<b>children</b>", text)
    (select,) = re.findall(r"(n\d+) \[label=<[^\n]*<b>select</b>", text)
    assert f"  {children}:s -> {select}:in_prompts:n" in text


def test_steps_that_ask_a_model_say_which() -> None:
    text = paint(load_graph("ape"))
    assert re.search(r"<b>proposals</b>.*meta model", text)
    assert not re.search(r"<b>trainset</b>.* model", text)


def test_what_an_author_wrote_can_not_break_out_of_its_label(project: Project) -> None:
    (project.folder / "p.yaml").write_text(
        "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\nnodes:\n  end:\n    repeat: {v: ['\">]<b>', '&x']}\n"
        "    carry: {beam: {start: $seed, next: $best}}\n    nodes:\n"
        "      best: {use: beam-select, prompts: $beam, on: $train}\noutputs: {prompt: $end.beam}\n"
    )
    assert "&quot;&gt;]&lt;b&gt;" in paint(load_graph(project.folder / "p.yaml"))
