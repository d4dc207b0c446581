"""The verdict on a page: that of the report, or for an earlier report one from the rows that were kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.page.verdict import page_verdict
from promptwire.results.run import Run
from tests.page_runs import page_run
from tests.sample_runs import comparison, small_run, written_run


def test_the_verdict_of_the_report_is_said_in_whole_sentences() -> None:
    run = Run.open(small_run())
    found = page_verdict(run)
    assert run.report is not None and run.report.verdict is not None and found is not None
    assert found["kind"] == run.report.verdict.kind
    for sentence in (found["sentence"], *found["details"]):
        assert not sentence[0].islower() and sentence.endswith(".") and not sentence.endswith("..")


def test_a_report_without_a_verdict_gets_one_from_its_rows(tmp_path: Path) -> None:
    run = Run.open(page_run(tmp_path / "run"))
    assert run.report is not None and run.report.verdict is None
    found = page_verdict(run)
    assert found is not None and (found["kind"], found["n"], found["fixed"], found["broken"]) == ("not shown", 4, 2, 1)
    assert found["sentence"].startswith("Not shown to be better on 4 untouched examples")


@pytest.mark.parametrize(("best", "kind"), [("Answer well.", "better"), ("Answer.", "same prompt")])
def test_the_initial_prompt_that_is_returned_is_said(tmp_path: Path, best: str, kind: str) -> None:
    whole = Run.open(page_run(tmp_path / "whole")).report
    assert whole is not None
    values = [(0.0, 1.0)] * 40 if kind == "better" else [(1.0, 1.0)] * 40
    report = {**whole.model_dump(mode="json"), "prompt": best, "initial_prompt": "Answer."}
    found = page_verdict(Run.open(written_run(tmp_path / "run", values=[comparison(values, best=best)], report=report)))
    assert found is not None and found["kind"] == kind
    assert (kind == "same prompt") == found["sentence"].startswith("No improvement: the initial prompt is returned")


def test_before_the_comparison_there_is_no_verdict(tmp_path: Path) -> None:
    assert page_verdict(Run.open(page_run(tmp_path / "run", report=False))) is None
