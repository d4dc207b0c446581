"""References, unions and literals, and their types."""

from __future__ import annotations

import pytest

from promptwire.graph.steps import CallStep, LiteralValue, Ref, RefUnion
from tests.sample_project import Project


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{use: pick, prompts: $sed}", "p.yaml:4:27: there is no 'sed' here - did you mean '$seed'?"),
        ("{use: pick, prompts: $train}", "p.yaml:4:27: $train is Examples, but 'prompts' of pick needs Prompts"),
        ("{use: pick, prompts: $g}", "p.yaml:4:27: $g is Scores, but 'prompts' of pick needs Prompts"),
        ("{use: wrong, scores: $k}", "p.yaml:4:27: $k is Prompt, but 'scores' of wrong needs Scores"),
        ("{use: note, scores: $g, log: $l.flat}", "p.yaml:4:35: $l.flat is Bool, but 'log' of note needs History - did you mean $l.log?"),
        ("{use: pick, prompts: $k.prompt}", "p.yaml:4:27: 'k' has no output 'prompt' - did you mean 'prompts'?"),
        ("{use: pick, prompts: $seed.text}", "p.yaml:4:27: 'seed' is an input and has no outputs - write $seed"),
        ("{use: pick, prompts: $Seed}",
         "p.yaml:4:27: '$Seed' is not a reference - a reference is $name or $name.output; the text itself is written $$Seed"),
        ("{use: pick, prompts: \"$seed[0]\"}",
         "p.yaml:4:27: '$seed[0]' is not a reference - a reference is $name or $name.output; the text itself is written $$seed[0]"),
        ("{use: pick, prompts: seed}", "p.yaml:4:27: 'seed' is Text, but 'prompts' of pick needs Prompts - write a reference: $seed"),
        ("{use: pick, prompts: 3}", "p.yaml:4:27: 3 is Int, but 'prompts' of pick needs Prompts - write a reference such as $name"),
        ("{use: pick, prompts: }", "p.yaml:4:26: nothing is written here, but 'prompts' of pick needs Prompts - write a reference such as $name"),
        ("{use: pick, prompts: [$seed, x]}",
         "p.yaml:4:35: a list holds either references or values - give the values a node or param of their own"),
        ("{use: pick, prompts: [$seed, $train]}", "p.yaml:4:35: $train is Examples, but 'prompts' of pick needs Prompts"),
        ("{use: note, scores: $g, log: [$l, $l]}",
         "p.yaml:4:35: a list of references is their union, but 'log' of note needs History - write one reference"),
        ("{use: pick, prompts: {a: $seed}}",
         "p.yaml:4:31: $seed can't stand inside another value - a reference stands alone after a key, or in a list of references"),
        ("{use: pick}", "p.yaml:4:3: pick needs 'prompts' (Prompts) - write prompts: $seed"),
        ("{use: wrong}", "p.yaml:4:3: wrong needs 'scores' (Scores) - write scores: $g"),
    ],
)  # fmt: skip
def test_a_type_mismatch_names_both_ends(project: Project, written: str, expected: str) -> None:
    nodes = f"""\
  x: {written}
  g: {{use: grade, prompts: $seed, on: $train}}
  k: {{use: pick, prompts: $seed}}
  l: {{use: note, scores: $g}}"""
    assert project.told_of(nodes) == [expected]


def test_wires_widen_form_unions_and_may_be_unset(project: Project) -> None:
    text = """\
promptwire: 1
inputs: {seed: Prompts, train: Examples, dev: {type: Examples, optional: true}}
nodes:
  one: {use: pick, prompts: $seed}
  graded: {use: grade, prompts: [$one, $seed, $one.prompts], on: $bad, hard: $dev}
  first: {use: grade, prompts: $one, on: $train}
  bad: {use: wrong, scores: $first}
outputs: {scores: $graded, prompts: [$one, $seed]}
"""
    graph = project.graph(text)
    graded = graph.steps["graded"]
    assert isinstance(graded, CallStep)
    assert isinstance(graded.wires["prompts"], RefUnion)
    assert [str(ref) for ref in graded.wires["prompts"].refs] == ["$one", "$seed", "$one.prompts"]
    assert isinstance(graded.wires["on"], Ref)
    assert str(graded.wires["on"].location) == "p.yaml:5:66"
    assert {name: kind.__name__ for name, kind in graph.types.items()} == {"scores": "Scores", "prompts": "Prompts"}


def test_an_optional_input_fits_only_an_optional_port(project: Project) -> None:
    text = """\
promptwire: 1
inputs: {seed: Prompts, dev: {type: Examples, optional: true}}
nodes: {x: {use: grade, prompts: $seed, on: $dev}}
outputs: {scores: $x, prompts: $seed}
"""
    assert project.told(text) == [
        "p.yaml:3:45: $dev may be left unset, but 'on' of grade needs it - make 'dev' a required input"
    ]


def test_two_dollars_are_one_dollar_of_text(project: Project) -> None:
    project.write("t.j2", "{{ price }}{{ rest }}{% for p in prompts %}{{ p.text }}{% endfor %}{{ n }}")
    nodes = "  x: {use: write, prompts: $seed, n: 2, template: t.j2, with: {price: $$5, rest: [$$a, b]}}"
    step = project.graph(f"promptwire: 1\ninputs: {{seed: Prompts}}\nnodes:\n{nodes}\noutputs: {{prompt: $x}}\n").steps["x"]
    assert isinstance(step, CallStep)
    assert step.asking is not None
    assert dict(step.asking.given) == {"price": LiteralValue("$5"), "rest": LiteralValue(["$a", "b"])}
