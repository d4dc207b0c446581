"""Differences between calls of two runs: the smallest difference is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request, Settings
from promptwire.errors import RunError
from promptwire.results.call_diff import Reason, explain, read_calls
from promptwire.values import Message


def record(folder: Path, *calls: dict[str, Any], path: str = "step") -> Path:
    """Make a run folder whose step made `calls`."""
    folder.mkdir()
    lines = []
    for call in calls:
        said = {"text": "hi", "identity": "m", "stream": "0/", "sample": 0, "temperature": 0.5, **call}
        settings = Settings(temperature=said["temperature"])
        request = Request("generate", (Message(role="user", content=said["text"]),), settings=settings)
        key = request.key(said["identity"], sample=said["sample"], stream=said["stream"])
        parts = request.keys(said["identity"], said["stream"]).parts()
        lines.append(json.dumps({"key": key, "path": path, "new": True, "sample": said["sample"], "parts": parts}))
    (folder / "calls.jsonl").write_text("\n".join(lines) + '\n{"key": "cut o')
    return folder


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"text": "ho"}, ("messages",)),
        ({"temperature": 0.7}, ("settings",)),
        ({"sample": 5}, ("sample",)),
        ({"stream": "1/"}, ("stream",)),
        ({"identity": "n"}, ("identity",)),
        ({"identity": "n", "temperature": 0.7}, ("settings", "identity")),
    ],
)
def test_the_differing_part_is_named(tmp_path: Path, change: dict[str, Any], parts: tuple[str, ...]) -> None:
    here = read_calls(record(tmp_path / "here", change), "step")
    there = read_calls(record(tmp_path / "there", {"text": "else", "temperature": 0.1, "stream": "7/"}, {}), "step")
    (reason,) = explain(here, there)
    assert (reason.parts, reason.count) == (parts, 1)
    assert reason.here != reason.there


def test_equal_calls_have_no_reason_and_unrelated_ones_differ_in_all_parts(tmp_path: Path) -> None:
    here = read_calls(record(tmp_path / "here", {}, {"text": "a"}), "step")
    assert explain(here, here) == []
    unrelated = {"text": "b", "identity": "n", "temperature": 0.1, "sample": 9}
    there = read_calls(record(tmp_path / "there", unrelated), "step")
    assert [(reason.count, reason.here) for reason in explain(here, there)] == [(2, ())]


def test_the_stream_counts_only_for_random_requests(tmp_path: Path) -> None:
    here = read_calls(record(tmp_path / "here", {"temperature": 0.0, "stream": "1/"}), "step")
    assert explain(here, read_calls(record(tmp_path / "there", {"temperature": 0.0}), "step")) == []


def test_an_unknown_step_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="did you mean 'step'"):
        read_calls(record(tmp_path / "here", {}), "stap")
    with pytest.raises(RunError, match="can't be read"):
        read_calls(tmp_path / "none", "step")


def test_a_reason_shows_short_parts_unchanged(tmp_path: Path) -> None:
    here = read_calls(record(tmp_path / "here", {"temperature": 0.7}), "step")
    there = read_calls(record(tmp_path / "there", {}), "step")
    assert explain(here, there) == [Reason(("settings",), 1, ('{"temperature":0.7}',), ('{"temperature":0.5}',))]
