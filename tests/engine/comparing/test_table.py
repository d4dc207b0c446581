"""The table of a comparison: its rows, its cells, and the notes that limit its conclusions."""

from __future__ import annotations

from dataclasses import replace

from promptwire.comparing.cell_results import CellResult
from promptwire.comparing.contrasts import INITIAL
from promptwire.comparing.table import make_table
from tests.engine.comparing.cells import result, world


def test_the_baselines_are_the_first_rows() -> None:
    table = make_table(world({"ape": 0.5, "random-search": 0.4}))
    assert table.rows == (INITIAL, "random-search", "ape")
    assert (table.tasks, table.seeds, table.metric) == (("mood",), (0, 1, 2), "exact")


def test_a_missing_cell_is_counted_and_never_averaged_away() -> None:
    gone = CellResult("ape", "mood", 2, "failed", "the endpoint is gone")
    table = make_table([*world({"ape": 0.5}, seeds=2), gone])
    found = table.estimate("ape", "mood")
    assert (len(found.by_seed), found.expected) == (2, 3)
    assert [(one.seed, one.state, one.why) for one in table.missing] == [(2, "failed", "the endpoint is gone")]


def test_an_outcome_reads_the_same_from_both_sides() -> None:
    table = make_table(world({"weak": 0.25, "strong": 0.9}))
    assert (table.outcome("strong", "weak", "mood"), table.outcome("weak", "strong", "mood")) == ("win", "loss")
    assert table.outcome("weak", INITIAL, "mood") == table.outcome(INITIAL, "weak", "mood") == "tie"
    assert table.outcome("weak", "absent", "mood") == "not judged"


def test_one_seed_is_said_to_be_one_run() -> None:
    one, three = (make_table(world({"weak": 0.25, "strong": 0.9}, seeds=seeds)) for seeds in (1, 3))
    assert any(note == "one seed (mood): a difference is one of this run and not of the optimizer" for note in one.notes)
    assert not any("one seed" in note for note in three.notes)


def test_versions_of_a_task_and_pairs_without_a_test_are_noted() -> None:
    runs = [result("ape", 0), replace(result("pe2", 0), fingerprint="other", best={"x": 1.0}, initial={"x": 1.0})]
    notes = make_table(runs).notes
    assert "mood: its runs are of 2 versions of the task; only examples that all share are compared" in notes
    assert "1 pairs not judged: their runs share no held-out example" in notes


def test_groups_that_a_run_does_not_name_are_said_to_be_taken_as_independent() -> None:
    plain, grouped = make_table(world({"ape": 0.5})), make_table([replace(one, grouped=True) for one in world({"ape": 0.5})])
    note = "mood: examples come in groups; the intervals take them as independent and are too short"
    assert note in grouped.notes and note not in plain.notes


def test_errors_are_clustered_by_the_groups_that_runs_name() -> None:
    groups = {f"e{place}": f"document {place // 6}" for place in range(60)}
    plain = make_table(world({"ape": 0.5, "opro": 0.9}))
    clustered = make_table([replace(one, groups=groups, grouped=True) for one in world({"ape": 0.5, "opro": 0.9})])
    assert {one.groups for one in clustered.contrasts} == {10} and {one.groups for one in plain.contrasts} == {None}
    assert "mood: 10 groups of examples; errors are clustered by group" in clustered.notes
    assert not any("too short" in note for note in clustered.notes)
    for one, other in zip(plain.contrasts, clustered.contrasts, strict=True):
        assert one.gain == other.gain and one.p != other.p
    few = make_table([replace(one, groups=dict.fromkeys(groups, "one")) for one in world({"ape": 0.9})])
    assert few.contrasts[0].reason == "1 groups of examples: a test needs at least 5"
    assert few.estimate("ape", "mood").mean is not None and few.estimate("ape", "mood").low is None


def test_a_comparison_without_any_result_is_still_a_table() -> None:
    table = make_table([CellResult("ape", "mood", 0, why="it was not run")])
    assert table.estimate("ape", "mood").mean is None
    assert len(table.missing) == 1
    assert table.notes == ("1 pairs not judged: no run of ape on mood",)
