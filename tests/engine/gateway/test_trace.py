"""Trace of a run: whole lines, in order, without secrets."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import RunError
from promptwire.gateway.trace import Trace, enter_step


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def test_every_line_has_a_counter_and_the_seconds_since_the_start(tmp_path: Path) -> None:
    clock = Clock()
    trace = Trace(tmp_path, clock=clock)
    trace.event("start", path="search")
    clock.now += 1.5
    trace.event("done", path="search", text="é\n\ud800")
    trace.value(lambda: '{"main":[1]}', path="search")
    trace.call("abc", path="a.\u00e9", new=True, sample=2, parts='{"kind":"generate"}')
    trace.close()
    assert lines(tmp_path / "events.jsonl") == [
        {"n": 1, "t": 0.0, "event": "start", "path": "search"},
        {"n": 2, "t": 1.5, "event": "done", "path": "search", "text": "é\n\ud800"},
    ]
    assert lines(tmp_path / "values.jsonl") == [{"n": 3, "t": 1.5, "path": "search", "outputs": {"main": [1]}}]
    assert lines(tmp_path / "calls.jsonl") == [
        {"n": 4, "t": 1.5, "key": "abc", "path": "a.\u00e9", "new": True, "sample": 2, "parts": {"kind": "generate"}}
    ]


async def test_a_line_about_a_request_tells_round_and_element_of_the_step_it_is_for(tmp_path: Path) -> None:
    trace = Trace(tmp_path)

    async def work(round: str, element: str) -> None:
        enter_step(round, element)
        await asyncio.sleep(0)
        trace.event("request", path="write")
        trace.event("round", path="write", round="7")
        trace.call("k", path="write", new=True, sample=0, parts="{}")

    await asyncio.gather(work("0.1", "/2"), work("", ""))
    trace.close()
    requests = [line for line in lines(tmp_path / "events.jsonl") if line["event"] == "request"]
    assert [(line.get("round"), line.get("element")) for line in requests] == [("0.1", "/2"), (None, None)]
    assert [line["round"] for line in lines(tmp_path / "events.jsonl") if line["event"] == "round"] == ["7", "7"]
    calls = lines(tmp_path / "calls.jsonl")
    assert [(line.get("round"), line["parts"]) for line in calls] == [("0.1", {}), (None, {})]


def test_lines_reach_the_file_within_a_second_and_at_a_flush(tmp_path: Path) -> None:
    clock = Clock()
    trace = Trace(tmp_path, clock=clock)
    trace.event("one")
    clock.now += 1.0
    trace.event("two")
    assert len(lines(tmp_path / "events.jsonl")) == 2
    trace.event("three")
    trace.flush()
    assert len(lines(tmp_path / "events.jsonl")) == 3
    trace.close()


@pytest.mark.parametrize("key", ["sk-planted-0123456789", 'planted "quoted" back\\slash', "planted-schlüssel"])
def test_a_secret_of_the_environment_is_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("SOME_API_KEY", key)
    trace = Trace(tmp_path)
    trace.event("failed", error=f"wrong key {key}!")
    trace.close()
    assert "planted" not in (tmp_path / "events.jsonl").read_text()
    assert lines(tmp_path / "events.jsonl")[0]["error"] == "wrong key ***!"


def test_trace_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "run")
    trace.event("start")
    trace.close()
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "run" / "events.jsonl").stat().st_mode) == 0o600


def test_a_null_trace_and_a_closed_trace_write_nothing(tmp_path: Path) -> None:
    Trace.null().event("start")
    trace = Trace(tmp_path)
    trace.close()
    trace.event("late")
    trace.close()
    assert list(tmp_path.iterdir()) == []


def test_the_listener_gets_every_event_without_a_folder() -> None:
    heard: list[tuple[str, Any]] = []
    trace = Trace(None, listener=lambda what, facts: heard.append((what, dict(facts))))
    trace.event("start", path="a")
    trace.value(lambda: "{}", path="a")
    assert heard == [("start", {"path": "a"})]


def test_an_unwritable_folder_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="can't be written") as caught:
        Trace(tmp_path / "file").event("start")
    assert "PROMPTWIRE_RUNS" in caught.value.hint
