"""What a comparison found in sentences: a leader, a tie, and nothing; and the settings that differ."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from promptwire.comparing.cell_results import CellResult
from promptwire.comparing.findings import differing_settings, findings
from promptwire.comparing.table import make_table
from tests.engine.comparing.cells import result, world


def test_a_leader_is_named_with_those_that_it_does_not_differ_from() -> None:
    (found,) = findings(make_table(world({"weak": 0.25, "strong": 0.9}, seeds=4)))
    assert (found.kind, found.sentence) == ("better", "strong leads: it is better than every other row.")
    table = make_table(world({"weak": 0.25, "one": 0.9, "two": 0.91}, seeds=4))
    (found,) = findings(table)
    assert found.sentence == "one, two lead; no difference between them is shown."
    assert [table.estimate(row, "mood").rank for row in ("one", "two", "weak")] == [1, 1, 3]


def test_a_tie_with_the_initial_prompt_beside_a_leader_is_not_called_a_leader() -> None:
    results = [*world({"strong": 0.9}), *(result("wild", seed, right=right) for seed, right in enumerate((0.25, 0.95, 0.6)))]
    table = make_table(results)
    assert [table.estimate(row, "mood").rank for row in ("strong", "wild")] == [1, 1]
    (found,) = findings(table)
    assert found.sentence == "strong leads; wild is not shown to differ from it or from the initial prompt."


def test_a_tie_with_the_initial_prompt_is_no_lead() -> None:
    (found,) = findings(make_table(world({"ape": 0.3})))
    assert (found.kind, found.sentence) == ("even", "No optimizer is shown to be better than the initial prompt.")


def test_without_results_nothing_is_compared_and_nothing_has_a_rank() -> None:
    table = make_table([CellResult("ape", "mood", 0, why="it was not run")])
    assert [one.sentence for one in findings(table)] == ["Nothing could be compared."]
    assert table.rank("ape", "mood") is None


def test_only_settings_that_differ_between_rows_are_told(tmp_path: Path) -> None:
    results = world({"ape": 0.5, "opro": 0.5}, seeds=1)
    for one in results:
        (tmp_path / one.row).mkdir()
        told = {"pipeline": one.row, "models": {"task": "m"}, "params": {"n": "8"} if one.row == "ape" else {}, "seed": 0}
        (tmp_path / one.row / "run.json").write_text(json.dumps(told))
    table = make_table([replace(one, run=str(tmp_path / one.row)) for one in results])
    assert differing_settings(table) == {"params.n": {"ape": "8", "opro": ""}, "pipeline": {"ape": "ape", "opro": "opro"}}
    assert differing_settings(make_table(results)) == {}
    one = make_table([replace(one, run=str(tmp_path / one.row) if one.row == "ape" else "") for one in results])
    assert differing_settings(one) == {}
