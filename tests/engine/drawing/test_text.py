"""Diagram as text for the terminal."""

from __future__ import annotations

import re

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


def test_a_condition_stands_once_as_a_wire_or_for_a_param_as_a_detail() -> None:
    lines = [" ".join(line.split()) for line in render(load_graph("promptwizard")).splitlines()]
    (judged,) = (line for line in lines if "judged resample" in line)
    assert judged.startswith("│ • judged resample · meta prompts ← $prompt")
    assert (judged.count("$heads.yes"), judged.count("$write_examples")) == (1, 1)
    assert judged.endswith("into critique, when $write_examples")


def test_lines_are_wrapped_in_their_column_between_wires_and_frames_go_on() -> None:
    whole, wrapped = (render(load_graph("promptwizard"), width=width) for width in (None, 80))
    assert max(map(len, whole.splitlines())) > 80 >= max(map(len, wrapped.splitlines()))
    assert sorted(re.sub("[│ \n]", "", whole)) == sorted(re.sub("[│ \n]", "", wrapped))
    lines = wrapped.splitlines()
    place = next(number for number, line in enumerate(lines) if "• mutants" in line)
    assert lines[place + 1].startswith("│  ") and lines[place].index("prompts") == lines[place + 1].index("styles ← $styles")


def test_lines_with_no_room_for_the_last_column_are_not_wrapped() -> None:
    assert any(len(line) > 50 for line in render(load_graph("promptwizard"), width=50).splitlines()[3:])
