"""Progress of a run as a value, from the events of a real run and from events one by one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import promptwire
from promptwire.gateway.usage import Usage
from promptwire.results.leader import Leader
from promptwire.results.progress import Loop, Progress, View


class Watch:
    """An observer that keeps the view after each event."""

    def __init__(self) -> None:
        self.progress = Progress()
        self.views: list[tuple[str, View]] = []

    def say(self, text: str) -> None: ...

    def follow(self, usage: Usage) -> None:
        self.progress.usage = usage

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        self.progress(event, facts)
        if event != "request":
            self.views.append((event, self.progress.view()))


def test_a_real_run_goes_through_its_rounds_and_ends_with_nothing_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    watch = Watch()
    options = promptwire.Options(models={"task": "scripted:planted"}, limits={"calls": 900}, params={"pulls": "40"})
    report = promptwire.run("protegi-small", "planted", options, observer=watch, approve=lambda plan: None)
    views = [view for _, view in watch.views]
    rounds = dict.fromkeys(loop for view in views for loop in view.loops)
    assert list(rounds) == [Loop("search", 1, 2), Loop("search", 2, 2)]
    leaders = [view.best for view in views if view.best]
    assert leaders[0].prompt == report.initial_prompt != leaders[-1].prompt
    assert leaders[-1].score > leaders[0].score
    last = watch.progress.view()
    assert (last.steps, last.loops, last.in_flight) == ((), (), 0)
    assert last.name == "protegi-small on planted"
    assert [(one.name, one.spent, one.limit) for one in last.spent if one.name == "calls"] == [("calls", report.calls.new, 900)]


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


def test_the_time_left_comes_from_the_smallest_bound(clock: list[float]) -> None:
    progress = Progress(lambda: clock[0])
    assert progress.view().left is None
    progress("run", {"pipeline": "p", "task": "t", "limits": {"calls": 100}})
    progress("approved", {"new": 400})
    clock[0] = 10.0
    progress.usage.of("a").new = 20
    assert (progress.view().rate, progress.view().left) == (2.0, 40.0)


def test_the_rate_is_that_of_the_last_seconds(clock: list[float]) -> None:
    progress = Progress(lambda: clock[0])
    for second in range(100):
        clock[0] = float(second)
        progress.usage.of("a").new = 10 * min(second, 50)
        view = progress.view()
    assert view.rate == 0.0 and view.left is None


def test_only_means_of_the_first_metric_are_compared(clock: list[float]) -> None:
    progress = Progress(lambda: clock[0])
    for metric, score in (("exact", 0.5), ("f1", 0.9)):
        progress("leader", {"metric": metric, "prompt": metric, "score": score, "examples": 3})
    assert progress.view().best == Leader("exact", 0.5, 3)


def test_a_step_with_several_elements_ends_with_the_last_and_an_unknown_event_changes_nothing(clock: list[float]) -> None:
    progress = Progress(lambda: clock[0])
    for event in ("start", "start", "start", "done", "of a later version"):
        progress(event, {"path": "each.step", "round": "", "element": ""})
    assert [(step.path, step.runs) for step in progress.view().steps] == [("each.step", 2)]
    for event in ("failed", "done"):
        progress(event, {"path": "each.step"})
    assert progress.view().steps == ()
