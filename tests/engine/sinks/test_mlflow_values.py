"""What a run is in MLflow, without MLflow."""

from __future__ import annotations

import json
import re
from pathlib import Path

from promptwire.results.run import Run
from promptwire.sinks.mlflow_values import candidate_table, final_metrics, held_out_metrics, param_values, tag_values
from tests.page_runs import HOSTILE, page_run


def test_names_and_values_have_the_form_that_mlflow_takes(tmp_path: Path) -> None:
    run = Run(page_run(tmp_path / "run"))
    facts = {"params": {"a[0].b=c": HOSTILE * 400, "empty": "", "none": None, "list": ["x", 1]}}
    params = param_values(run, facts)
    assert params["param.list"] == '["x", 1]' and "param.empty" not in params and "param.none" not in params
    for name, value in {**params, **tag_values(run)}.items():
        assert re.fullmatch(r"[\w\-. :/]{1,250}", name)
        assert len(value.encode("utf-8")) > 0 and len(value) <= 6000


def test_scores_have_their_intervals_and_unknown_ones_are_left_out(tmp_path: Path) -> None:
    run = Run(page_run(tmp_path / "run"))
    found = held_out_metrics(run)
    assert run.report is not None
    assert found["heldout/gain"] == run.report.test.gain.score and {"heldout/gain/low", "heldout/gain/high"} <= set(found)
    assert "heldout/macro-f1/best" in found and "heldout/p" not in found
    assert final_metrics(run)["calls/new"] == 20


def test_a_run_without_a_report_tells_what_it_was_started_with(tmp_path: Path) -> None:
    run = Run(page_run(tmp_path / "run", report=False))
    assert param_values(run, {})["pipeline"] == "mine" and held_out_metrics(run) == {}
    assert set(tag_values(run)) >= {"promptwire.state", "promptwire.run"}


def test_the_description_holds_the_prompt_whatever_markup_is_in_it(tmp_path: Path) -> None:
    run = Run(page_run(tmp_path / "run"))
    assert run.report is not None
    object.__setattr__(run.report, "prompt", "a\n````\n# b")
    assert tag_values(run)["mlflow.note.content"].count("`````") == 2


def test_the_table_names_the_chosen_prompt(tmp_path: Path) -> None:
    table = candidate_table(Run(page_run(tmp_path / "run")))
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    assert sum(row["chosen"] for row in rows) == 1 and all(row["prompt"] for row in rows)
    json.dumps(table)
