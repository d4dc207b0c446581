"""Under the metric none a judge of pairs compares both prompts on the held-out inputs, in both orders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import promptwire
from promptwire.backend import Request
from promptwire.errors import PromptwireError
from promptwire.language.check import load_graph
from promptwire.planning.plan import make_plan
from promptwire.results.run import Run
from promptwire.tasks.given_task import make_task
from promptwire.tasks.task import Task
from tests.pipelines.search_runs import kind_of, model

Judge = Callable[[str, str], str]
"""From the answers of A and of B to what the judge says."""
TEST = 8
REPORT_CALLS = 2 * TEST + 2 * TEST


def letters(**keys: Any) -> Task:
    inputs = [f"letter {number}" for number in range(TEST + 4)]
    task = {"prompt": "version 0", "metric": "none", "rubric": "spo/judge.j2", "doc": "Be kind.", **keys}
    return make_task(inputs[TEST:], test=inputs[:TEST], **task)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sides(page: str) -> tuple[str, str]:
    first, second = [page.split(f"### Answer of {side}\n")[1].split("\n")[0] for side in "AB"]
    return first, second


async def compared(judge: Judge, task: Task | None = None, **options: Any) -> tuple[promptwire.Report, list[str]]:
    """The report of one round of SPO whose new prompt is taken, and the judge's pages about held-out inputs."""
    pages: list[str] = []

    def reply(request: Request, key: str) -> str:
        text = request.messages[-1].content
        if kind_of(request) == "proposal":
            return "<prompt>version 1</prompt>"
        if kind_of(request) == "vote" and text.count("## Input") == 3:  # a page of the search
            return f"<choose>{'A' if sides(text)[0] == 'said 1' else 'B'}</choose>"
        if kind_of(request) == "vote":
            pages.append(text)
            return judge(*sides(text))
        return f"said {text.split()[1]}"

    asked = model(reply)
    told = promptwire.Options(params={"rounds": "1", **options.pop("params", {})}, **options)
    models: Any = {"task": asked, "meta": asked, "judge": asked}
    return await promptwire.run_async("spo", task or letters(), told, models=models), pages


def better(a: str, b: str) -> str:
    return "<choose>A</choose>" if a == "said 1" else "<choose>B</choose>"


async def test_each_held_out_input_is_judged_in_both_orders_and_the_votes_are_the_values() -> None:
    report, pages = await compared(better)
    assert (report.metric, report.test.initial.score, report.test.best.score, report.test.best.n) == ("preference", 0, 1, TEST)
    assert report.verdict is not None and (report.verdict.kind, report.verdict.gain) == ("better", 1)
    assert len(pages) == 2 * TEST
    assert sorted(map(sides, pages)) == [("said 0", "said 1")] * TEST + [("said 1", "said 0")] * TEST
    assert all("Be kind." in page and "version" not in page for page in pages)
    assert {row.best.value for row in Run.open(report.run).rows()} == {1.0}


async def test_a_judge_that_prefers_a_side_shows_nothing() -> None:
    report, _ = await compared(lambda a, b: "<choose>A</choose>")
    assert (report.test.initial.score, report.test.best.score) == (0.5, 0.5)
    assert report.verdict is not None and report.verdict.kind == "not shown"


async def test_a_vote_without_a_side_is_not_counted_and_an_example_without_votes_is_left_out() -> None:
    report, _ = await compared(lambda a, b: better(a, b) if a == "said 0" else "I can not say.")
    assert (report.test.best.score, report.test.best.n) == (1, TEST)
    assert report.counts["report"]["abstentions"] == TEST
    report, _ = await compared(lambda a, b: "", cache="off")
    assert (report.test.best.score, report.test.best.n, len(report.test.left_out)) == (None, 0, TEST)
    assert report.test.left_out[0].why.endswith("the judge chose no side")


async def test_the_plan_bounds_the_comparison_and_a_kept_prompt_costs_no_vote() -> None:
    (step,) = [step for step in make_plan(load_graph("spo"), letters()).steps if step.path == "report"]
    assert (step.least, step.most) == (TEST, REPORT_CALLS)
    report, pages = await compared(better)
    assert report.calls.new == 3 + 8 + REPORT_CALLS
    report, pages = await compared(better, params={"rounds": "0"}, cache="off")
    assert (pages, report.calls.new) == ([], 3 + TEST)
    assert report.verdict is not None and report.verdict.kind == "same prompt"


async def test_a_limit_keeps_a_share_for_the_comparison_and_reports_what_was_judged() -> None:
    report, _ = await compared(better, limits={"calls": 24})
    assert report.limit is not None
    assert report.calls.new <= 24
    assert report.test.best.n < TEST


async def test_a_page_with_unknown_variables_is_refused_before_the_first_call(folder: Path) -> None:
    (folder / "page.j2").write_text("{{ pairs }} {{ tone }} <choose>A</choose>", encoding="utf-8")
    asked = model(lambda request, key: "said")
    models: Any = {"task": asked, "meta": asked, "judge": asked}
    with pytest.raises(PromptwireError, match="tone"):
        await promptwire.run_async("spo", letters(rubric=str(folder / "page.j2")), models=models)
    assert not asked.requests
