"""DOT: every wire has both ends, every frame closes, and labels are escaped."""

from __future__ import annotations

import re

import pytest

from promptwire.documents import resources
from promptwire.drawing.dot import render
from promptwire.language.check import load_graph
from tests.sample_project import Project


@pytest.mark.parametrize("name", resources.pipelines())
def test_every_wire_ends_at_an_existing_box_and_port(name: str) -> None:
    text = render(load_graph(name))
    ports = {
        found[1]: set(re.findall(r'port="(\w+)"', found[2]))
        for found in re.finditer(r"^ *(n\d+) \[label=<(.*)>\];$", text, re.M)
    }
    wires = re.findall(r"^ *(n\d+)(?::(\w+))?(?::\w)? -> (n\d+)(?::(\w+))?(?::\w)?;", text, re.M)
    assert len(wires) == text.count(" -> ") > 0
    for source, out, target, into in wires:
        assert source in ports and target in ports
        assert not out or len(out) == 1 or out in ports[source]
        assert not into or len(into) == 1 or into in ports[target]
    assert text.count("{") == text.count("}")


def test_a_loop_is_a_frame_with_rounds() -> None:
    text = render(load_graph("protegi"))
    assert "<b>search</b>" in text and "repeat $rounds = 6" in text
    assert "repeat $rounds = 2" in render(load_graph("protegi", params={"rounds": 2}))


def test_a_carried_value_is_at_the_top_and_at_the_bottom_where_its_wires_leave_the_loop() -> None:
    text = render(load_graph("protegi"))
    (leaves,) = re.findall(r"(n\d+) \[label=<[^\n]*<b>beam</b>[^\n]*next round", text)
    (select,) = re.findall(r"(n\d+) \[label=<[^\n]*<b>select</b>", text)
    (best,) = re.findall(r"(n\d+) \[label=<[^\n]*<b>best</b>", text)
    assert f"  {select}:s -> {leaves}:n;" in text
    assert f"  {leaves}:s -> {best}:in_prompts:n;" in text


def test_a_step_shows_its_template_and_settings_and_the_picture_its_title() -> None:
    text = render(load_graph("protegi"))
    assert "policy ucb, keep 4, pulls 2048" in text
    assert "protegi/gradient.j2, n 4" in text
    assert "label=<<b>protegi</b>" in text


def test_an_inner_pipelines_output_starts_at_the_inner_step() -> None:
    text = render(load_graph("protegi"))
    (children,) = re.findall(r"(n\d+) \[label=<[^\n]*<b>children</b>", text)
    (select,) = re.findall(r"(n\d+) \[label=<[^\n]*<b>select</b>", text)
    assert f"  {children}:s -> {select}:in_prompts:n" in text


def test_steps_that_call_a_model_name_its_role() -> None:
    text = render(load_graph("ape"))
    assert re.search(r"<b>proposals</b>.*meta model", text)
    assert not re.search(r"<b>trainset</b>.* model", text)


def test_text_of_the_pipeline_is_escaped_in_labels(project: Project) -> None:
    (project.folder / "p.yaml").write_text(
        "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\nnodes:\n  end:\n    repeat: {v: ['\">]<b>', '&x']}\n"
        "    carry: {beam: {start: $seed, next: $best}}\n    nodes:\n"
        "      best: {use: beam-select, prompts: $beam, on: $train}\noutputs: {prompt: $end.beam}\n"
    )
    assert "&quot;&gt;]&lt;b&gt;" in render(load_graph(project.folder / "p.yaml"))
