"""Calls: ports, params, and settings validated with every possible value."""

from __future__ import annotations

import pytest

from promptwire.errors import UsageError
from promptwire.graph.steps import CallStep, LiteralValue, Ref
from promptwire.node import NodeType
from tests.sample_project import TYPES, Project


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{use: pik, prompts: $seed}", ["p.yaml:4:12: there is no node type 'pik' - did you mean 'pick'?"]),
        ("{use: pik, prompts: [$seed, $sed], keep: 3}",
         ["p.yaml:4:12: there is no node type 'pik' - did you mean 'pick'?", "p.yaml:4:34: there is no 'sed' here - did you mean '$seed'?"]),
        ("{use: ./x, prompts: $seed}", ["p.yaml:4:12: there is no node type './x' - a pipeline file is written ./x.yaml"]),
        ("{use: pick, prompts: $seed, plicy: top}", ["p.yaml:4:34: pick has no port or param 'plicy' - did you mean 'policy'?"]),
        ("{use: pick, prompts: $seed, wehn: $seed}", ["p.yaml:4:34: pick has no port or param 'wehn' - did you mean 'when'?"]),
        ("{use: pick, prompts: $seed, zzzzz: top}", ["p.yaml:4:34: pick has no port or param 'zzzzz' - it takes: prompts, keep, policy, share"]),
        ("{use: write, prompts: $seed, n: 1, tempalte: t.j2, template: t.j2}",
         ["p.yaml:4:41: write has no port or param 'tempalte' - did you mean 'template'?"]),
        ("{use: pick, prompts: $seed, keep: 0}", ["p.yaml:4:40: 'keep' is 0 - it must be at least 1"]),
        ("{use: pick, prompts: $seed, keep: two}", ["p.yaml:4:40: 'keep' must be a whole number, not the text 'two'"]),
        ("{use: pick, prompts: $seed, policy: ubc}", ["p.yaml:4:42: 'policy' can't be the text 'ubc' - did you mean 'ucb'?"]),
        ("{use: pick, prompts: $seed, share: 1}", ["p.yaml:4:41: 'share' is 1 - it must be below 1"]),
        ("{use: pick, prompts: $seed, keep: $none}", ["p.yaml:4:40: 'keep' is 0 (from $none) - it must be at least 1"]),
        ("{use: pick, prompts: $seed, keep: $seed}",
         ["p.yaml:4:40: 'keep' of pick is a setting, and $seed is known only during the run - it takes a value, a param or a loop variable"]),
        ("{use: pick, prompts: $seed, keep: 0, share: 2, policy: x}",
         ["p.yaml:4:40: 'keep' is 0 - it must be at least 1", "p.yaml:4:50: 'share' is 2 - it must be below 1",
          "p.yaml:4:61: 'policy' can't be the text 'x' - one of: top, ucb"]),
        ("{use: write, prompts: $seed, template: t.j2}", ["p.yaml:4:3: write needs the setting 'n' - write n: VALUE"]),
    ],
)  # fmt: skip
def test_an_invalid_call_is_reported(project: Project, written: str, expected: list[str]) -> None:
    project.write("t.j2", "{{ prompts }}{{ n }}")
    assert project.told_of(f"  x: {written}", head="params: {none: 0}") == expected


def test_every_element_of_a_loops_list_is_validated(project: Project) -> None:
    nodes = """\
  search:
    repeat: {k: [2, 0, 1, x]}
    carry: {beam: {start: $seed, next: $best.prompts}}
    nodes: {best: {use: pick, prompts: $beam, keep: $k}}"""
    assert project.told_of(nodes, outputs="{prompt: $search.beam}") == [
        "p.yaml:7:53: 'keep' is 0 (from $k) - it must be at least 1",
        "p.yaml:7:53: 'keep' must be a whole number, not the text 'x' (from $k)",
    ]


def test_a_call_becomes_a_step_with_wires_and_settings(project: Project) -> None:
    text = """\
promptwire: 1
inputs: {seed: Prompts}
params: {width: 3}
nodes: {x: {use: pick, keep: $width, prompts: $seed, policy: ucb}}
outputs: {prompt: $x}
"""
    step = project.graph(text).steps["x"]
    assert isinstance(step, CallStep)
    assert (step.name, step.path, step.needs, step.asking) == ("x", "x", frozenset(), None)
    assert step.type is TYPES["pick"]
    assert {port: str(wire) for port, wire in step.wires.items()} == {"prompts": "$seed"}
    assert step.params["policy"] == LiteralValue("ucb")
    assert isinstance(step.params["keep"], Ref)
    assert str(step.location) == "p.yaml:4:9"


def test_a_broken_plugin_is_reported_at_its_location(project: Project) -> None:
    class Broken(dict[str, NodeType]):
        def __getitem__(self, name: str) -> NodeType:
            raise UsageError(f"{name} is broken", hint="mend it")

    project.write("p.yaml", "promptwire: 1\nnodes: {x: {use: pick}}\noutputs: {prompt: $x}\n")
    from promptwire.language.check import check

    assert [str(problem).splitlines()[0] for problem in check("p.yaml", types=Broken(TYPES)).problems] == [
        "p.yaml:2:18: pick is broken - mend it"
    ]
