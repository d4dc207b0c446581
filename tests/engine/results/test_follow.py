"""A run is followed through the files that it writes."""

from __future__ import annotations

import json
from pathlib import Path

from promptwire.results.follow import Follower
from promptwire.results.run import Run
from tests.sample_runs import written_run

STATE = {"pipeline": "ape", "task": "sums", "limits": {"calls": 10}, "began": 1000.0}


def test_events_and_calls_become_the_progress_of_the_run(tmp_path: Path) -> None:
    events = [
        {"event": "start", "path": "search", "round": "", "element": ""},
        {"event": "loop", "path": "search", "of": 4},
        {"event": "round", "path": "search", "round": "0", "of": 4},
        {"event": "request", "path": "s", "tokens_in": 5, "tokens_out": 2, "usd": 0.25},
        {"event": "leader", "prompt": "Add.", "score": 0.5, "examples": 8, "metric": "exact"},
    ]
    folder = written_run(tmp_path, state=STATE, events=events, calls=[{"path": "s", "new": True}, {"path": "s", "new": False}])
    follower = Follower(Run.open(folder), clock=lambda: 1060.0)
    assert len(follower.read()) == 5
    view = follower.view()
    assert (view.name, view.seconds, view.in_flight) == ("ape on sums", 60.0, None)
    assert [(loop.path, loop.round, loop.of) for loop in view.loops] == [("search", 2, 4)]
    assert (view.total.new, view.total.cached, view.total.tokens_in, view.total.usd) == (1, 1, 5, 0.25)
    assert view.best is not None and view.best.prompt == "Add."


def test_only_new_whole_lines_are_read(tmp_path: Path) -> None:
    folder = written_run(tmp_path, state=STATE, events=[{"event": "start", "path": "a"}])
    follower = Follower(Run.open(folder))
    assert [event["path"] for event in follower.read()] == ["a"]
    with (folder / "events.jsonl").open("a") as file:
        file.write('not json\n{"event": "start", "path": "b"}\n{"event": "start", "pa')
    assert [event["path"] for event in follower.read()] == ["b"]
    with (folder / "events.jsonl").open("a") as file:
        file.write('th": "c"}\n')
    assert [event["path"] for event in follower.read()] == ["c"]
    assert follower.read() == []


def test_a_retry_that_is_over_is_not_waited_for(tmp_path: Path) -> None:
    wait = {"event": "retry", "path": "s", "model": "m", "error": "503", "attempt": 1}
    lines = [{**wait, "t": 1.0, "wait": 2.0}, {**wait, "t": 50.0, "wait": 30.0}, {**wait, "t": 58.0, "wait": None}]
    folder = written_run(tmp_path, state=STATE, events=lines)
    follower = Follower(Run.open(folder), clock=lambda: 1060.0)
    follower.read()
    (waiting,) = follower.view().waiting
    assert (waiting.requests, waiting.seconds) == (1, 20.0)


def test_events_of_another_version_and_missing_files_are_no_error(tmp_path: Path) -> None:
    odd = [{"event": "start"}, {"event": ["x"]}, {"event": "round", "path": "s", "round": "x", "of": 1}, {"event": "leader"}]
    folder = written_run(tmp_path, events=odd)
    follower = Follower(Run.open(folder))
    assert len(follower.read()) == 4 and follower.view().best is None
    (folder / "events.jsonl").write_text(json.dumps({"event": "aura"}) + "\n")
    empty = Follower(Run.open(written_run(tmp_path / "other", report={"prompt": "x"})))
    assert empty.read() == [] and empty.view().steps == ()
