"""Building graphs: order, pipelines as nodes, cycles, unused nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptwire.documents.yaml_reader import dump_yaml
from promptwire.graph.steps import CallStep, PipeStep, RefUnion
from tests.sample_project import Project
from tests.strategies import chains

EXPAND = """\
promptwire: 1
inputs: {beam: Prompts, train: {type: Examples, optional: true}}
params: {keep: {default: 2, min: 1}, share: {type: float}}
nodes: {x: {use: pick, prompts: $beam, keep: $keep, share: $share}}
outputs: {prompts: $x.prompts, best: $x.best}
"""
USER = """\
promptwire: 1
inputs: {seed: Prompts, train: Examples}
params: {n: 3}
nodes:
  more: {use: ./expand.yaml, beam: $seed, keep: $n, share: 0.25}
outputs: {prompts: $more, best: $more.best}
"""


def test_a_pipeline_is_a_node_type(project: Project) -> None:
    project.write("expand.yaml", EXPAND)
    graph = project.graph(USER)
    step = graph.steps["more"]
    assert isinstance(step, PipeStep)
    assert (step.graph.name, step.graph.steps["x"].path) == ("expand", "more.x")
    assert (dict(step.graph.params), step.graph.optional) == ({"keep": 3, "share": 0.25}, {"train"})
    assert {name: str(wire) for name, wire in step.wires.items()} == {"beam": "$seed"}
    assert str(step.params["keep"]) == "$n"
    assert [kind.__name__ for kind in graph.types.values()] == ["Prompts", "Prompt"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("beam: $seed, ", "", "p.yaml:5:3: expand.yaml needs 'beam' (Prompts) - write beam: $seed"),
        (", share: 0.25", "", "p.yaml:5:3: expand.yaml needs the param 'share' - write share: VALUE"),
        ("beam: $seed", "beam: $train", "p.yaml:5:36: $train is Examples, but 'beam' of expand.yaml needs Prompts"),
        ("keep: $n", "kep: $n", "p.yaml:5:43: expand.yaml has no input or param 'kep' - did you mean 'keep'?"),
        ("keep: $n", "limit: {calls: 5}", "p.yaml:5:43: expand.yaml has no input or param 'limit' - did you mean 'limits'?"),
        ("keep: $n", "template: x.j2", "p.yaml:5:43: expand.yaml has no input or param 'template' - it takes: beam, keep, share, train"),
        ("keep: $n", "keep: 0", "p.yaml:5:49: the param 'keep' is 0 - it must be at least 1"),
        ("{n: 3}", "{n: 0}", "p.yaml:5:49: the param 'keep' is 0 - it must be at least 1"),
        ("keep: $n", "keep: $seed", "p.yaml:5:49: $seed is Prompts, but the param 'keep' needs Int"),
        ("share: 0.25", "share: 2", "expand.yaml:4:60: 'share' is 2 (from $share) - it must be below 1"),
        ("$more.best", "$more.bst", "p.yaml:6:33: 'more' has no output 'bst' - did you mean 'best'?"),
        ("./expand.yaml", "./expnd.yaml", "p.yaml:5:15: there is no file ./expnd.yaml - did you mean 'expand.yaml'?"),
        ("./expand.yaml", "./p.yaml", "p.yaml:5:15: ./p.yaml uses itself: p.yaml -> p.yaml - a pipeline can't contain itself: use a loop"),
    ],
)  # fmt: skip
def test_wrong_use_of_a_pipeline_is_reported(project: Project, old: str, new: str, expected: str) -> None:
    project.write("expand.yaml", EXPAND)
    told = project.told(USER.replace(old, new))
    assert expected in told, told


def test_a_pipeline_without_inputs_and_params_takes_none(project: Project) -> None:
    project.write("inner.yaml", "promptwire: 1\nnodes: {x: {use: pick, prompts: $seed, keep: 1}}\noutputs: {best: $x.best}\n")
    told = project.told(USER.replace("./expand.yaml, beam: $seed, keep: $n, share: 0.25", "./inner.yaml, zzz: 1"))
    assert "p.yaml:5:29: inner.yaml has no input or param 'zzz' - it takes none" in told, told


def test_errors_inside_a_pipeline_are_reported_once_in_its_own_file(project: Project) -> None:
    project.write("expand.yaml", EXPAND.replace("use: pick", "use: pik"))
    told = project.told(USER.replace("outputs:", "  again: {use: ./expand.yaml, beam: $seed, share: 0.5}\noutputs:"))
    assert [line for line in told if ": warning: " not in line] == [
        "expand.yaml:4:18: there is no node type 'pik' - did you mean 'pick'?"
    ]


def test_recursion_through_other_files_is_found(project: Project) -> None:
    project.write("a.yaml", USER.replace("./expand.yaml", "./b.yaml"))
    project.write("b.yaml", USER.replace("./expand.yaml", "./a.yaml"))
    told = project.told(USER.replace("./expand.yaml", "./a.yaml"))
    assert any("./a.yaml uses itself: p.yaml -> a.yaml -> b.yaml -> a.yaml" in line for line in told)


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ("  b: {use: mix, prompts: $a}\n  a: {use: mix, prompts: $b}",
         "p.yaml:5:3: these nodes wait for each other: a -> b -> a - to feed a result back, put them into a 'repeat' and 'carry' it"),
        ("  a: {use: mix, prompts: [$seed, $a]}",
         "p.yaml:4:3: 'a' needs its own result - to feed a result back, use a 'repeat' with 'carry'"),
        ("  seed: {use: mix, prompts: $train}",
         "p.yaml:4:3: the name 'seed' is already an input (line 2) - every name in a file means one thing: choose another"),
    ],
)  # fmt: skip
def test_cycles_and_name_clashes_are_reported(project: Project, nodes: str, expected: str) -> None:
    assert expected in project.told_of(nodes)


def test_unused_nodes_are_dropped_with_a_warning(project: Project) -> None:
    text = """\
promptwire: 1
inputs: {seed: Prompts, train: Examples}
params: {n: 3}
nodes:
  a: {use: pick, prompts: $seed}
  b: {use: pick, prompts: $a}
outputs: {prompt: $a}
"""
    checked = project.check(text)
    assert checked.graph is not None
    assert list(checked.graph.steps) == ["a"]
    assert [str(problem).splitlines()[0] for problem in checked.problems] == [
        "p.yaml:2:25: warning: input 'train' is never used",
        "p.yaml:3:10: warning: param 'n' is never used",
        "p.yaml:6:3: warning: node 'b' is never used - it is not run",
    ]


def test_a_mistyped_name_is_one_error_and_no_warning_of_what_it_may_have_meant(project: Project) -> None:
    text = """\
promptwire: 1
inputs: {seed: Prompts}
nodes:
  a: {use: pick, prompts: $seed}
  b: {use: pick, prompts: $a}
outputs: {prompt: $bb}
"""
    (line,) = project.told(text)
    assert line == "p.yaml:6:19: there is no 'bb' here - did you mean '$b'?"


def test_an_output_must_be_a_reference(project: Project) -> None:
    (line,) = project.told_of("  a: {use: mix, prompts: $seed}", outputs="{prompt: $a, note: hello}")
    assert line == "p.yaml:5:29: the output 'note' must be a reference - write $name"


@given(chains(), st.randoms())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_nodes_never_changes_the_graph(project: Project, nodes: Mapping[str, Any], random: Any) -> None:
    names = list(nodes)
    shuffled = sorted(names, key=lambda _: random.random())
    whole = {"promptwire": 1, "inputs": {"seed": "Prompts"}, "outputs": {"prompt": f"${names[-1]}"}}
    first = project.graph(dump_yaml({**whole, "nodes": dict(nodes)}))
    second = project.graph(dump_yaml({**whole, "nodes": {name: nodes[name] for name in shuffled}}))
    assert list(first.steps) == list(second.steps)
    for one, other in zip(first.steps.values(), second.steps.values(), strict=True):
        assert isinstance(one, CallStep)
        assert isinstance(other, CallStep)
        assert (one.needs, one.path, _refs(one)) == (other.needs, other.path, _refs(other))
        assert set(one.needs) <= set(list(first.steps)[: list(first.steps).index(one.name)])


def _refs(step: CallStep) -> list[str]:
    """The references on a step's one port, without their locations."""
    (wire,) = step.wires.values()
    assert isinstance(wire, RefUnion)
    return [str(ref) for ref in wire.refs]
