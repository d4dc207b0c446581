"""Feeding of a sink: what a run and its user notice of one that is slow, hangs or breaks."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event

import pytest

from promptwire.errors import RunError, UsageError
from promptwire.results.run import Run
from promptwire.sinks.feed import Feed, failure_text, send_run
from promptwire.sinks.sink import Sink
from tests.engine.sinks.recorded_sink import Recorded, folder_of


def test_the_recorded_sink_meets_the_contract() -> None:
    assert isinstance(Recorded(), Sink)


def test_lines_of_all_files_come_in_their_order_and_whole(tmp_path: Path) -> None:
    sink = Recorded()
    send_run(sink, folder_of(tmp_path))
    assert [line["n"] for line in sink.lines] == [1, 2, 3]
    assert sink.got == ["begin", "take", "end"]


def test_lines_that_are_written_later_are_taken_before_the_end(tmp_path: Path) -> None:
    folder, sink = folder_of(tmp_path), Recorded()
    feed = Feed(sink, folder)
    with (folder / "events.jsonl").open("a") as file:
        file.write('{"n":5,"t":0.3,"event":"done"}\n')
    assert feed.close(drop=False, patience=10) == ""
    assert [line["n"] for line in sink.lines] == [1, 2, 3, 5] and sink.got[-1] == "end"


@pytest.mark.parametrize("at", ["begin", "take", "end"])
def test_an_error_of_a_sink_is_one_line_with_what_sends_the_run_again(tmp_path: Path, at: str) -> None:
    feed = Feed(Recorded(at, ValueError("no\n \x1b[31m such table")), folder_of(tmp_path))
    error = feed.close(drop=False, patience=10)
    assert "\x1b" not in error and "such table" in error and "\n" not in error
    assert feed.warning(error).endswith(f"promptwire log {tmp_path.name} --to mine")


def test_a_sink_that_hangs_is_left_behind(tmp_path: Path) -> None:
    class Hanging(Recorded):
        let_go = Event()

        def begin(self, run: Run, *, live: bool) -> None:
            self.let_go.wait(30)

    sink = Hanging()
    feed = Feed(sink, folder_of(tmp_path))
    began = time.monotonic()
    assert "still sending 0.1 seconds after" in feed.close(drop=False, patience=0.1)
    assert time.monotonic() - began < 10
    sink.let_go.set()


def test_nothing_is_sent_before_it_may_begin_and_nothing_of_a_refused_run(tmp_path: Path) -> None:
    sink = Recorded()
    assert Feed(sink, folder_of(tmp_path), may_begin=lambda: False).close(drop=True, patience=1) == ""
    assert sink.got == []


def test_a_run_that_ends_before_it_may_begin_is_sent_then(tmp_path: Path) -> None:
    """A run from the cache asks for no approval."""
    sink = Recorded()
    assert Feed(sink, folder_of(tmp_path), may_begin=lambda: False).close(drop=False, patience=10) == ""
    assert sink.got == ["begin", "take", "end"]


def test_sending_afterwards_fails_with_the_sink_and_the_reason(tmp_path: Path) -> None:
    sink = Recorded("take", OSError("disk full"))
    with pytest.raises(RunError, match="could not be sent to mine: disk full"):
        send_run(sink, folder_of(tmp_path))
    with pytest.raises(UsageError, match="not installed"):
        send_run(Recorded("begin", UsageError("not installed")), tmp_path)


def test_the_text_of_a_failure_is_short_and_holds_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError

    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "token-0123456789")
    assert failure_text(ValueError("sent token-0123456789")) == "sent ***"
    assert failure_text(ValueError("at http://me:pw@h/a?key=1 now")) == "at http://***@h/a?*** now"
    assert len(failure_text(ValueError("x" * 5000))) < 400
    assert failure_text(Odd()) == "Odd"
