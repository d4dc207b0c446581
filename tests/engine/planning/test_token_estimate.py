"""Token estimates: close to what a run sends, and higher where a request shows more."""

from __future__ import annotations

import pytest

from promptwire.backend import Settings
from promptwire.bounds import Extent
from promptwire.language.check import load_graph
from promptwire.planning.call_bounds import CallBounds
from promptwire.planning.graph_walk import count_calls
from promptwire.planning.plan import make_plan
from promptwire.planning.token_estimate import REPLY, Length, scoring, writing
from promptwire.running.preflight import bind
from promptwire.tasks.task import Task
from tests.pipelines.search_runs import model, numbers, search

SMALL = {"opro": {"steps": 3}, "protegi": {"rounds": 1, "pulls": 100}, "pe2": {"steps": 1}, "ape": {"draws": 2, "n": 2}}


def counts(name: str, task: Task, **params: int) -> dict[str, CallBounds]:
    graph = load_graph(name, params=params)
    task = task.with_dev() if "dev" in graph.inputs else task
    return count_calls(graph, {name: Extent.exactly(len(value)) for name, value in bind(graph, task).items()})


@pytest.mark.parametrize("name", SMALL)
async def test_steps_read_no_more_than_planned_when_prompts_are_short(name: str) -> None:
    task = numbers(20, dev=10)
    planned = {step.path: step for step in make_plan(load_graph(name, params=SMALL[name]), task).steps}
    run = await search(name, model(), task, params=SMALL[name])
    for path, count in run.session.gateway.usage.steps.items():
        expected = planned[path].tokens_in
        assert expected is not None and count.tokens_in <= expected, path


def of(name: str, path: str, task: Task, **params: int) -> Length:
    found = writing(counts(name, task, **params)[path], task)
    assert found is not None
    return found


def test_request_that_shows_more_is_longer() -> None:
    task = numbers(50)
    few, many = of("ape", "proposals", task, shots=2), of("ape", "proposals", task, shots=10)
    assert many.read > few.read
    assert many.written == few.written == 2000


def test_continued_conversation_counts_again() -> None:
    task = numbers(50, dev=20)
    steps = {step.path: step for step in make_plan(load_graph("pe2", params={"steps": 1}), task).steps}
    exam, edits = steps["search.exam"], steps["search.edits"]
    assert exam.tokens_in and edits.tokens_in and exam.most and edits.most
    assert edits.tokens_in / edits.most > exam.tokens_in / exam.most


def test_reply_length_is_max_tokens_or_the_stated_default() -> None:
    task = numbers(10)
    short = task.model_copy(update={"settings": Settings(max_tokens=7)})
    assert [found and found.written for found in (scoring(None, task), scoring(None, short))] == [REPLY, 7]


def test_judge_calls_are_part_of_the_estimate() -> None:
    task = numbers(10)
    judged = load_graph("opro", params={"steps": 1})
    rubric = task.model_copy(update={"metric": "judge", "rubric": task.template.replace("chat", "judge")})
    plain, with_judge = make_plan(judged, task).total, make_plan(judged, rubric).total
    assert plain.tokens_in and with_judge.tokens_in and with_judge.tokens_in > plain.tokens_in


def test_label_counts_as_one_token() -> None:
    task = numbers(10).model_copy(update={"metric": "choice", "labels": tuple(f"answer {n}" for n in range(10))})
    found = scoring(None, task)
    assert found is not None and found.written == 1


def test_step_without_a_bound_has_no_length() -> None:
    task = numbers(10)
    count = counts("ape", task)["proposals"]
    count.show({"examples": Extent(0)})
    assert writing(count, task) is None
