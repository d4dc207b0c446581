"""Tasks without accepted outputs, and the metric none: what is allowed, what is refused, and what a run reports."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

import promptwire
from promptwire.backend import Request
from promptwire.comparing.cell_results import read_result
from promptwire.errors import DataError, NodeError, UsageError
from promptwire.nodes.demos import Inputs as DemoInputs
from promptwire.nodes.demos import Params as DemoParams
from promptwire.nodes.demos import demos
from promptwire.results.run import Run
from promptwire.tasks.given_task import make_task
from promptwire.tasks.task import Task, load_task
from promptwire.values import Example, Examples, Row, Scores
from promptwire.values.scores import NO_VALUE, mean_row
from tests.nodes.fake import FakeContext, prompts
from tests.pipelines.search_runs import model, refused, search, well_formed

INPUTS = [f"letter {number}" for number in range(8)]
ANSWERS = """promptwire: 1
name: answers
inputs: {seed: Prompts, train: Examples}
nodes:
  ideas: {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 2}
  said:  {use: evaluate, prompts: [$seed, $ideas], on: $train}
outputs: {prompt: $ideas, scores: $said}
"""
SELECTED = """promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  said: {use: evaluate, prompts: $seed, on: $train}
  best: {use: beam-select, scores: $said, keep: 1}
outputs: {prompt: $best}
"""


def letters(metric: str = "none", **keys: Any) -> Task:
    return make_task(INPUTS, prompt="Answer the letter.", metric=metric, **keys)


def written(folder: Path, text: str, name: str = "answers.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("metric", ["none", "judge"])
@pytest.mark.parametrize(
    ("name", "text"), [("a.csv", "input\none\ntwo\n"), ("a.jsonl", '{"input": "one"}\n{"input": "two"}\n')]
)
def test_data_without_an_output_column_load_for_a_metric_without_reference(
    tmp_path: Path, metric: str, name: str, text: str
) -> None:
    path = written(tmp_path, text, name)
    task = load_task(str(path), {"prompt": "p", "metric": metric})
    assert [example.outputs for example in (*task.train.items, *task.test.items)] == [(), ()]
    assert "train: 2 of 2 examples have no accepted output" in task.notes


@pytest.mark.parametrize("metric", ["exact", "f1", "choice", "numeric", "macro-f1", "json"])
def test_data_without_outputs_are_refused_for_every_other_metric(tmp_path: Path, metric: str) -> None:
    path = written(tmp_path, "input\none\ntwo\n", "a.csv")
    with pytest.raises(DataError, match=r"no column 'output'.*\n.*the metrics judge and none need no output"):
        load_task(str(path), {"prompt": "p", "metric": metric})


def test_a_column_that_the_task_names_must_be_there_also_without_outputs(tmp_path: Path) -> None:
    path = written(tmp_path, "input\none\ntwo\n", "a.csv")
    with pytest.raises(DataError, match="no column 'answer'"):
        load_task(str(path), {"prompt": "p", "metric": "none", "columns": {"output": "answer"}})


def test_a_blank_output_is_none_where_outputs_may_be_missing() -> None:
    rows = [{"input": "a", "output": ""}, {"input": "b", "output": "c"}, {"input": "d", "output": []}]
    task = make_task(rows, prompt="p", metric="none", test=[{"input": "e"}])
    assert [example.outputs for example in task.train.items] == [(), ("c",), ()]


def test_a_metric_of_a_step_that_needs_outputs_is_refused() -> None:
    with pytest.raises(UsageError, match="8 of 8 examples have no accepted output"):
        letters().load_metric("exact")


async def test_answers_are_kept_without_a_value_and_never_count(tmp_path: Path) -> None:
    run = await search(written(tmp_path, ANSWERS), model(), letters())
    scores: Scores = run.outputs["scores"]
    assert len(scores.rows) == len(scores.prompts) * 4
    assert all(row.output and math.isnan(row.value) and not row.valued for row in scores.rows)
    assert (scores.metric, scores.scale, scores.perfect) == ("none", None, None)
    assert run.session.scored_prompts.best() is None
    assert run.session.scored_prompts.score(run.prompt) == (None, 0)


async def test_a_node_that_compares_values_is_refused_before_the_first_call(tmp_path: Path) -> None:
    problem = await refused(written(tmp_path, SELECTED), model(), letters())
    assert "best: beam-select compares values, and the metric 'none' gives none" in problem


async def test_a_node_that_compares_values_fails_on_answers_of_a_step_without_values(tmp_path: Path) -> None:
    path = written(tmp_path, SELECTED.replace("on: $train}", "on: $train, metric: none}"))
    task = make_task([(text, "x") for text in INPUTS], prompt="p")
    with pytest.raises(promptwire.PromptwireError, match="these scores have none"):
        await search(path, model(), task)


async def test_an_example_without_an_output_is_no_shot() -> None:
    inputs = DemoInputs(prompts=prompts("p"), examples=Examples(items=(Example(input="i"),)))
    with pytest.raises(NodeError, match="without an accepted output can't be a shot"):
        await demos.run(inputs, DemoParams(worked=False), FakeContext())


def test_a_row_without_a_value_is_null_in_json_and_comes_back() -> None:
    scores = Scores(metric="none", rows=(Row("p", "e", "said", "said", NO_VALUE),))
    data = scores.model_dump(mode="json")
    assert data["rows"][0]["value"] is None
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert not Scores.model_validate(data).rows[0].valued
    joined = mean_row([scores.rows[0], scores.rows[0]])
    assert joined is not None and not joined.valued


def test_a_run_without_values_makes_no_final_comparison_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, ANSWERS)
    options = promptwire.Options(models={"task": "scripted:planted"})
    plan = promptwire.plan(str(path), "planted", options, metric="none")
    report = promptwire.run(str(path), "planted", options, metric="none")
    assert "report" not in [step.path for step in plan.steps]
    assert report.verdict is not None and report.verdict.kind == "not scored"
    assert report.verdict.reason == "the metric none gives answers no value, so there is nothing to compare"
    assert (report.test.best.score, report.test.best.n) == (None, 0)
    assert plan.total.most is not None and report.calls.new + report.calls.cached <= plan.total.most
    run = Run.open(report.run)
    assert run.rows() == () and run.notes == ()
    found = read_result(run.folder)
    assert (found.why, found.initial) == ("its metric is none, so nothing was compared", {})
    assert run.candidates[0].score is None


async def test_a_judge_grades_without_a_reference(tmp_path: Path) -> None:
    def graded(request: Request, key: str) -> str:
        text = request.messages[-1].content
        return "<grade>0.5</grade>" if "Grade one answer to a question" in text else "said"

    run = await search(written(tmp_path, SELECTED), model(graded), letters("judge"))
    assert run.session.scored_prompts.score(run.prompt) == (0.5, 4)


@pytest.mark.parametrize("pipeline", ["ape", "opro", "pe2", "protegi"])
async def test_a_template_that_shows_accepted_outputs_is_refused_before_the_first_call(pipeline: str) -> None:
    problem = await refused(pipeline, model(), letters("judge"))
    assert "shows accepted outputs, and" in problem and "examples have none" in problem


@pytest.mark.parametrize(
    ("pipeline", "rounds"), [("gepa", "rounds"), ("textgrad", "updates"), ("ampo", "rounds"), ("random-search", "n")]
)
async def test_optimizers_that_ask_for_outputs_run_on_grades_alone(pipeline: str, rounds: str) -> None:
    pages: list[str] = []

    def reply(request: Request, key: str) -> str:
        text = request.messages[-1].content
        if "<grade>" in text:
            return "It is rude. <grade>0.25</grade>"
        pages.append(text)
        return well_formed(request, key)

    run = await search(pipeline, model(reply), letters("judge"), params={rounds: 2})
    assert run.prompt.text
    assert not any("Expected:" in page for page in pages)
    assert pipeline == "random-search" or any("It is rude." in page for page in pages)
