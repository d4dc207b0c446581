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
    assert "• survivors filter-subset · task prompts ← [$seed, $proposals], on ← $trainset; first 10, until 4" in lines
    assert "│ ↻ beam carried Prompts start ← $survivors, next ← $kept" in lines
    assert "◂ prompt Prompts ← $best" in lines


def test_references_are_shown_as_they_are_written() -> None:
    text = render(load_graph("protegi"))
    assert "prompts ← $search.beam, on ← $train; policy uniform" in text
    assert "prompts ← [$beam, $expand.prompts]" in text
