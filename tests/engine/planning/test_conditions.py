"""Plans of pipelines with `when` and `unless`: bounds of both ways, alternatives, and conditions known before the run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from promptwire.language.check import load_graph
from promptwire.planning.plan import make_plan
from tests.pipelines.search_runs import mixed, model, numbers, search
from tests.sample_project import Project
from tests.strategies import conditional_pipelines, drawn_templates

HEAD = "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\nparams: {flag: true}\n"
TASK = numbers(3)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pipeline=conditional_pipelines())
async def test_calls_of_generated_graphs_stay_within_the_plan(pipeline: Mapping[str, Any], tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(json.dumps(pipeline))
    for name, text in drawn_templates.items():
        (tmp_path / name).write_text(text)
    found = make_plan(load_graph(tmp_path / "p.yaml"), TASK)
    run = await search(tmp_path / "p.yaml", model(mixed), TASK)
    planned = {step.path: step for step in found.steps}
    asked = {path: count.new + count.cached + count.failed for path, count in run.session.gateway.usage.steps.items()}
    for path, n in asked.items():
        most = planned[path].most
        assert most is not None and n <= most, path
    for step in found.steps[:-1]:
        assert step.least <= asked.get(step.path, 0), step.path
    again = await search(tmp_path / "p.yaml", model(mixed), TASK)
    assert (again.outputs, again.calls) == (run.outputs, run.calls)
    report = found.steps[-1].most or 0
    assert sum(asked.values()) <= (found.total.most or 0) - report


def planned(project: Project, nodes: str, output: str, **options: Any) -> dict[str, tuple[int, int | None]]:
    """Least and most calls of each step, and of the search as `search`."""
    project.write("p.yaml", f"{HEAD}nodes:\n{nodes}\noutputs: {{prompt: {output}}}\n")
    found = make_plan(load_graph(project.folder / "p.yaml", **options), TASK)
    report = found.steps[-1]
    rows = {step.path: (step.least, step.most) for step in found.steps[:-1]}
    return {**rows, "search": (found.total.least - report.least, (found.total.most or 0) - (report.most or 0))}


ALTERNATIVES = """
  graded: {use: evaluate, prompts: $seed, on: $train}
  wrong:  {use: failures, of: $graded}
  mended: {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 5, when: $wrong}
  varied: {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 2, unless: $wrong}
  again:  {use: resample, prompts: [$mended, $varied], template: ape/paraphrase.j2, n: 1}
"""


def test_of_steps_that_exclude_each_other_the_dearer_one_counts(project: Project) -> None:
    found = planned(project, ALTERNATIVES, "$again")
    assert (found["mended"], found["varied"]) == ((0, 5), (0, 2))
    assert found["again"][1] == 5
    assert found["search"][1] == 3 + 5 + 5


def test_conditions_that_are_no_alternatives_are_both_counted(project: Project) -> None:
    found = planned(project, ALTERNATIVES.replace("unless: $wrong", "unless: $graded"), "$again")
    assert found["search"][1] == 3 + 5 + 2 + (5 + 2)


@pytest.mark.parametrize(("value", "calls"), [(True, (5, 5)), (False, (0, 0))])
def test_condition_on_a_param_is_known_before_the_run(project: Project, value: bool, calls: tuple[int, int]) -> None:
    nodes = "  new: {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 5, when: $flag}\n"
    found = planned(project, nodes, "[$seed, $new]", params={"flag": value})
    assert found.get("new", (0, 0)) == calls


def test_loop_that_may_not_be_run_may_leave_its_first_states(project: Project) -> None:
    nodes = """
  graded: {use: evaluate, prompts: $seed, on: $train}
  wrong:  {use: failures, of: $graded}
  loop:
    when: $wrong
    repeat: 2
    carry: {beam: {start: $seed, next: $more}}
    nodes: {more: {use: resample, prompts: $beam, template: ape/paraphrase.j2, n: 3}}
  last: {use: evaluate, prompts: $loop.beam, on: $train}
  good: {use: failures, of: $last}
"""
    found = planned(project, nodes, "$loop.beam, wrong: $good")
    assert (found["loop.more"], found["last"]) == ((0, 3 + 9), (0, 3 * 9))


def test_conditions_on_a_state_and_on_a_node_of_the_same_name_are_no_alternatives(project: Project) -> None:
    """Inside the loop, `wrong` is the state: both steps may be run, so their calls add up."""
    nodes = """
  graded: {use: evaluate, prompts: $seed, on: $train}
  wrong:  {use: failures, of: $graded}
  outer:  {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 5, when: $wrong}
  loop:
    repeat: 1
    carry: {wrong: {start: $wrong, next: $wrong}, both: {type: Prompts, next: $again}}
    nodes:
      inner: {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 2, unless: $wrong}
      again: {use: resample, prompts: [$outer, $inner], template: ape/paraphrase.j2, n: 1}
"""
    assert planned(project, nodes, "$loop.both")["loop.again"][1] == 5 + 2
