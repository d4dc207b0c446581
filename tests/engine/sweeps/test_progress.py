"""Progress of a sweep: counts of all cells, and the time left by the calls that each may make."""

from __future__ import annotations

from promptwire.sweeps.progress import SweepProgress
from promptwire.sweeps.runner import CellEnd, CellProgress, CellStart, RunnerNote


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_ended_and_running_cells_are_counted_together() -> None:
    clock = Clock()
    progress = SweepProgress({"a": 10, "b": 10, "c": None}, clock)
    for event in (CellStart("a"), CellEnd("a", "finished", calls=8, cached=2, tokens=50, usd=0.5), RunnerNote("a note")):
        progress(event)
    progress(CellStart("b", "worker 1"))
    clock.now += 5
    progress(CellProgress("b", 3, 1, 20, 0.25, "round 1 of 2"))
    view = progress.view()
    assert (view.cells, view.done, view.failed, view.ended) == (3, 1, 0, 1)
    assert (view.calls, view.cached, view.tokens, view.usd, view.seconds) == (11, 3, 70, 0.75, 5.0)
    (running,) = view.at_work
    assert (running.key, running.where, running.seconds, running.calls, running.text) == (
        "b",
        "worker 1",
        5.0,
        3,
        "round 1 of 2",
    )


def test_the_time_left_weighs_a_cell_by_its_bound() -> None:
    clock = Clock()
    progress = SweepProgress({"small": 9, "large": 89}, clock)
    progress(CellStart("small"))
    assert progress.view().left is None
    clock.now += 2
    progress(CellEnd("small", "finished", calls=9))
    assert progress.view().left == 18.0
    progress(CellStart("large"))
    progress(CellProgress("large", 40, 0))
    assert progress.view().left == 2 * 50 / 50


def test_a_cell_that_starts_anew_counts_once_and_an_unknown_price_stays_unknown() -> None:
    progress = SweepProgress({"a": 5}, Clock())
    progress(CellStart("a", "lost worker"))
    progress(CellProgress("a", 4, 0, usd=None))
    progress(CellStart("a", "other worker"))
    assert (progress.view().calls, progress.view().at_work[0].where) == (0, "other worker")
    progress(CellEnd("a", "stopped", calls=2, usd=None))
    view = progress.view()
    assert (view.calls, view.usd, view.stopped, view.at_work, view.left) == (2, None, 1, (), 0.0)
