"""Anytime curves: what a run's best score was after how much was spent, and the band over seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.comparing.curves import band, known_axes, read_curve
from promptwire.page.candidates import best_so_far, points
from promptwire.results.run import Run
from tests.engine.comparing.cells import curve
from tests.page_runs import page_run


def test_a_curve_has_the_best_so_far_of_the_run_and_ends_at_its_last_score(tmp_path: Path) -> None:
    run = Run.open(page_run(tmp_path / "run"))
    found = read_curve(run, row="mine", task="labels", seed=7, heldout=0.75)
    assert found is not None and found.heldout == 0.75
    best = best_so_far(points(run))
    assert [(point.score, point.calls, point.usd) for point in found.points] == [
        (one.score, one.calls, one.usd) for one in best
    ]
    assert found.end.calls == points(run)[-1].calls > found.points[-1].calls and found.end.score == found.points[-1].score


def test_a_run_without_scores_has_no_curve(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    assert read_curve(Run.open(folder), row="mine", task="labels", seed=0, heldout=None) is None


def test_a_band_begins_where_all_seeds_have_a_score_and_keeps_the_score_of_one_that_ended() -> None:
    found = band([curve("ape", 0, (10, 0.2), (30, 0.6)), curve("ape", 1, (20, 0.4), (50, 0.8), end=90)], "calls")
    assert [(point.x, pytest.approx(point.mean), point.low, point.high) for point in found] == [
        (20, 0.3, 0.2, 0.4), (30, 0.5, 0.4, 0.6), (50, 0.7, 0.6, 0.8), (90, 0.7, 0.6, 0.8),
    ]  # fmt: skip
    assert {(point.row, point.seeds) for point in found} == {("ape", 2)}


def test_each_optimizer_has_a_band_of_its_own_on_each_axis() -> None:
    curves = [curve("ape", 0, (10, 0.2)), curve("opro", 0, (20, 0.4))]
    assert [(point.row, point.x) for point in band(curves, "tokens")] == [("ape", 500.0), ("opro", 1000.0)]
    assert [(point.row, point.x) for point in band(curves, "usd")] == [("ape", 0.01), ("opro", 0.02)]


def test_an_axis_that_a_run_does_not_tell_is_left_out() -> None:
    priced, free = curve("ape", 0, (10, 0.2)), curve("opro", 0, (20, 0.4), priced=False)
    assert known_axes([priced]) == ("calls", "tokens", "usd", "seconds")
    assert known_axes([priced, free]) == ("calls", "tokens", "seconds")
    assert known_axes([]) == ()
    assert band([free], "usd") == ()


def test_a_long_band_is_thinned_to_its_ends() -> None:
    steps = [(calls, calls / 2000) for calls in range(1, 1001)]
    found = band([curve("ape", 0, *steps)], "calls")
    assert len(found) == 300 and (found[0].x, found[-1].x) == (1, 1000)
