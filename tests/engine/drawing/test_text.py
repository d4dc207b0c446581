"""Diagram as text for the terminal."""

from __future__ import annotations

import pytest

from promptwire.documents import resources
from promptwire.drawing.text import render
from promptwire.language.check import load_graph


@pytest.mark.parametrize("name", resources.pipelines())
def test_frames_open_and_close(name: str) -> None:
    text = render(load_graph(name))
    assert text.count("╭") == text.count("╰")


def test_each_step_is_printed_beside_its_inputs() -> None:
    lines = [" ".join(line.split()) for line in render(load_graph("ape")).splitlines()]
    assert "• survivors filter-subset prompts ← seed + proposals, on ← trainset" in lines
    assert "│ ↻ beam carried Prompts start ← survivors, next ← kept" in lines
    assert "◂ prompt Prompts ← best" in lines
