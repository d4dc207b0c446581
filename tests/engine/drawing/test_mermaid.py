"""Mermaid text that any drawer of Mermaid takes."""

from __future__ import annotations

import re

import pytest

from promptwire.documents import resources
from promptwire.drawing.mermaid import paint
from promptwire.language.check import load_graph
from tests.sample_project import Project


@pytest.mark.parametrize("name", resources.pipelines())
def test_sub_graphs_close_and_arrows_have_both_ends(name: str) -> None:
    lines = paint(load_graph(name)).splitlines()
    bare = [line.strip() for line in lines]
    assert lines[0] == "flowchart TD"
    assert sum(line.startswith("subgraph ") for line in bare) == bare.count("end")
    known = set(re.findall(r"^ *(?:subgraph )?(n\d+)", "\n".join(lines), re.MULTILINE))
    for line in bare:
        if "-->" in line or "-.->" in line:
            source, target = line.split()[0], line.split()[-1]
            assert {source, target} <= known


@pytest.mark.parametrize("name", resources.pipelines())
def test_no_class_is_called_by_a_word_of_mermaids_own(name: str) -> None:
    """`classDef call` and `classDef end` are refused by Mermaid's parser (found with mermaid 11)."""
    used = re.findall(r"^  (?:classDef|class n[n\d,]*) (\w+)", paint(load_graph(name)), re.MULTILINE)
    assert used
    assert all(word.endswith("_box") for word in used)


def test_ports_stand_on_the_arrows_and_the_way_back_is_dotted() -> None:
    text = paint(load_graph("protegi"))
    assert '-.->|"next"|' in text
    assert '-->|"prompts"|' in text


def test_what_an_author_wrote_can_not_break_out_of_its_label(project: Project) -> None:
    (project.folder / "p.yaml").write_text(
        "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\nnodes:\n  end:\n    repeat: {v: ['\"]<b>', 'x']}\n"
        "    carry: {beam: {start: $seed, next: $best}}\n    nodes:\n"
        "      best: {use: beam-select, prompts: $beam, on: $train}\noutputs: {prompt: $end.beam}\n"
    )
    (label,) = [line for line in paint(load_graph(project.folder / "p.yaml")).splitlines() if "subgraph" in line]
    assert label.count('"') == 2
    assert "<" not in label
