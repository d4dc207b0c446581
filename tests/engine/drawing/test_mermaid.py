"""Mermaid text in the syntax that Mermaid accepts."""

from __future__ import annotations

import re

import pytest

from promptwire.documents import resources
from promptwire.drawing.mermaid import render
from promptwire.language.check import load_graph
from tests.sample_project import Project


@pytest.mark.parametrize("name", resources.pipelines())
def test_sub_graphs_close_and_arrows_have_both_ends(name: str) -> None:
    lines = render(load_graph(name)).splitlines()
    bare = [line.strip() for line in lines]
    assert lines[0] == lines[2] == "---"
    assert lines[1].startswith(f'title: "{name}: ')
    assert lines[3] == "flowchart TD"
    assert sum(line.startswith("subgraph ") for line in bare) == bare.count("end")
    known = set(re.findall(r"^ *(?:subgraph )?(n\d+)", "\n".join(lines), re.MULTILINE))
    for line in bare:
        if "-->" in line or "-.->" in line:
            source, target = line.split()[0], line.split()[-1]
            assert {source, target} <= known


@pytest.mark.parametrize("name", resources.pipelines())
def test_no_class_is_named_like_a_mermaid_keyword(name: str) -> None:
    """`classDef call` and `classDef end` are refused by Mermaid's parser (found with mermaid 11)."""
    used = re.findall(r"^  (?:classDef|class n[n\d,]*) (\w+)", render(load_graph(name)), re.MULTILINE)
    assert used
    assert all(word.endswith("_box") for word in used)


def test_arrows_are_labelled_with_ports_and_back_arrows_are_dotted() -> None:
    text = render(load_graph("protegi"))
    assert '-.->|"next"|' in text
    assert '-->|"prompts"|' in text


def test_text_of_the_pipeline_is_escaped_in_labels(project: Project) -> None:
    (project.folder / "p.yaml").write_text(
        "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\nnodes:\n  end:\n    repeat: {v: ['\"]<b>', 'x']}\n"
        "    carry: {beam: {start: $seed, next: $best}}\n    nodes:\n"
        "      best: {use: beam-select, prompts: $beam, on: $train}\noutputs: {prompt: $end.beam}\n"
    )
    (label,) = [line for line in render(load_graph(project.folder / "p.yaml")).splitlines() if "subgraph" in line]
    assert label.count('"') == 2
    assert "<" not in label
