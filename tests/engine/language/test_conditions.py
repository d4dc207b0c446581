"""`when`, `unless` and `until`: what they may refer to, and what other steps may read of a step that may not be run."""

from __future__ import annotations

import pytest

from promptwire.graph.steps import CallStep, RepeatStep
from promptwire.values import Prompts
from tests.sample_project import Project

HEAD = "promptwire: 1\ninputs: {seed: Prompts, train: Examples, dev: {type: Examples, optional: true}}\nparams: {k: 2, flag: true}\n"
NODES = """\
nodes:
  scores: {use: grade, prompts: $seed, on: $train}
  wrong: {use: wrong, scores: $scores}
  kept: {use: pick, prompts: $seed, CONDITION}
  used: {use: mix, prompts: OF}
outputs: {prompt: $used}
"""


def text(condition: str, of: str = "$kept.prompts") -> str:
    return HEAD + NODES.replace("CONDITION", condition).replace("OF", of)


@pytest.mark.parametrize(
    "condition",
    [
        "when: $wrong",
        "unless: $wrong",
        "when: $flag",
        "unless: [$wrong, $flag]",
        "when: $scores, unless: $flag",
        "unless: $dev",
    ],
)
def test_bool_set_and_optional_input_can_be_conditions(project: Project, condition: str) -> None:
    step = project.graph(text(condition)).steps["kept"]
    assert step.gate is not None
    written = condition.replace(": ", " ")
    assert str(step.gate) == written
    assert list(step.gate.outputs) == ["best", "prompts"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("when: $k", "p.yaml:7:43: $k is Int, but 'when' needs a Bool or a set"),
        ("when: true", "p.yaml:7:43: 'when' needs a reference to a Bool or a set, or a list of them - write $name"),
        ("unless: [$wrong, no]", "p.yaml:7:54: 'unless' needs a reference to a Bool or a set, or a list of them - write $name"),
        ("when: $rong", "p.yaml:7:43: there is no 'rong' here - did you mean '$wrong'?"),
    ],
)
def test_other_conditions_are_errors(project: Project, condition: str, expected: str) -> None:
    assert [line for line in project.told(text(condition)) if "warning" not in line] == [expected]


def test_step_waits_for_its_condition(project: Project) -> None:
    assert project.graph(text("when: $wrong")).steps["kept"].needs == {"wrong"}


def test_single_prompt_of_a_step_that_may_not_be_run_is_read_as_a_set(project: Project) -> None:
    step = project.graph(text("when: $wrong", "[$kept, $seed]")).steps["used"]
    assert isinstance(step, CallStep)
    assert [ref.as_set for ref in step.wires["prompts"].refs] == [True, False]  # type: ignore[union-attr]
    graph = project.graph(text("when: $wrong").replace("prompt: $used", "prompt: $used, one: $kept"))
    assert graph.types["one"] is Prompts


ONE = """\
promptwire: 1
inputs: {one: Prompt}
nodes: {out: {use: mix, prompts: $one}}
outputs: {prompts: $out}
"""


def test_node_that_needs_a_single_prompt_must_have_the_same_condition(project: Project) -> None:
    project.write("one.yaml", ONE)
    bad = text("when: $wrong").replace("{use: mix, prompts: $kept.prompts}", "{use: ./one.yaml, one: $kept}")
    told = [line for line in project.told(bad) if "warning" not in line]
    assert told == [
        "p.yaml:8:32: $kept is not there when its node is not run (when $wrong), but 'one' of one.yaml needs it"
        " - give this node the same when: $wrong, or write a list where a set is taken: [$kept, $other]"
    ]
    good = bad.replace("one: $kept}", "one: $kept, when: $wrong}")
    assert [line for line in project.told(good) if "warning" not in line] == []


def test_loops_and_each_take_conditions_and_until_takes_several(project: Project) -> None:
    graph = project.graph(
        HEAD
        + """\
nodes:
  scores: {use: grade, prompts: $seed, on: $train}
  wrong: {use: wrong, scores: $scores}
  search:
    when: $wrong
    repeat: 3
    until: [$longer.flat, $more]
    carry: {beam: {start: $seed, next: $more}, log: {type: History, next: $longer}}
    nodes:
      more: {use: mix, prompts: $beam}
      graded: {use: grade, prompts: $beam, on: $train}
      longer: {use: note, log: $log, scores: $graded}
  one:
    each: {p: $search.beam}
    unless: $wrong
    nodes: {kept: {use: pick, prompts: $p, when: $flag}}
    outputs: {prompts: $kept}
outputs: {prompt: $one, log: $search.log}
"""
    )
    loop = graph.steps["search"]
    assert isinstance(loop, RepeatStep)
    assert [str(ref) for ref in loop.until] == ["$longer.flat", "$more"]
    assert str(loop.gate) == "when $wrong"
    assert str(graph.steps["one"].gate) == "unless $wrong"
    assert next(iter(graph.types.values())) is Prompts
