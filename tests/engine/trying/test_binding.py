"""A task bound to a pipeline without a model: what a run would refuse, and what only the data show."""

from __future__ import annotations

import pytest

from promptwire.language.check import load_graph
from promptwire.tasks.task import load_task
from promptwire.trying.binding import bind_task
from tests.sample_project import Project

ROWS = '{"question": "a", "hint": "h", "output": "b"}\n{"question": "c", "output": "d"}\n'


def codes(pipeline: str, task: str, **changes: object) -> list[tuple[str, bool]]:
    bound = bind_task(load_graph(pipeline), load_task(task, changes))
    return [(problem.code, problem.warning) for problem in bound.problems]


@pytest.mark.parametrize("pipeline", ["opro", "pe2", "protegi", "textgrad"])
def test_shipped_pipelines_and_tasks_fit(pipeline: str) -> None:
    assert not [code for code, warning in codes(pipeline, "planted") if not warning]


def test_the_facts_name_splits_metric_and_template() -> None:
    facts = bind_task(load_graph("pe2"), load_task("planted")).facts
    assert [fact.partition(" ")[0] for fact in facts] == ["1", "metric", "dev:"]
    assert "1 initial prompt; train " in facts[0]
    assert facts[1] == "metric exact; template task/chat.j2"
    assert len(bind_task(load_graph("opro"), load_task("planted")).facts) == 2


def test_a_metric_that_does_not_fit_is_a_problem() -> None:
    assert codes("opro", "sums", metric="choice") == [("task-metric", False)]


@pytest.mark.parametrize(("pipeline", "metric"), [("ape", "judge"), ("opro", "none"), ("gepa", "none")])
def test_a_step_that_needs_values_or_outputs_which_the_task_lacks_is_a_problem(pipeline: str, metric: str) -> None:
    assert codes(pipeline, "planted-taste", metric=metric, rubric=None) == [("task-metric", False)]


def test_a_task_without_values_fits_a_pipeline_that_needs_none() -> None:
    assert not codes("spo", "planted-taste")


def test_a_template_that_does_not_show_the_prompt_is_a_problem(project: Project) -> None:
    project.write("bare.j2", "{{ input }}")
    assert codes("opro", "sums", template="bare.j2") == [("task-template", False)]


def test_a_field_that_one_example_lacks_is_found_with_the_number_of_the_example(project: Project) -> None:
    project.write("train.jsonl", ROWS)
    project.write("test.jsonl", ROWS)
    project.write("own.j2", "{{ prompt }} {{ input }} {{ example.meta.hint }}")
    project.write("task.yaml", "\n".join((
        "promptwire: 1", "task: t", "prompt: Do.", "metric: exact", "template: own.j2",
        "data: {train: train.jsonl, test: test.jsonl}", "columns: {input: question, output: output}",
    )))  # fmt: skip
    problems = bind_task(load_graph("opro"), load_task("task.yaml")).problems
    assert [problem.code for problem in problems] == ["task-template"]
    assert "with example 2 of train" in problems[0].message


def test_few_examples_are_warnings(project: Project) -> None:
    project.write("train.jsonl", '{"input": "a", "output": "b"}\n{"input": "c", "output": "d"}\n')
    project.write("test.jsonl", '{"input": "e", "output": "f"}\n')
    project.write("task.yaml", "promptwire: 1\ntask: t\nprompt: Do.\ndata: {train: train.jsonl, test: test.jsonl}\n")
    assert set(codes("opro", "task.yaml")) == {("task-data", True)}
