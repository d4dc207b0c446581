"""Engine keys of a call: which node type takes which."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.graph.steps import CallStep, ModelCallSpec
from tests.sample_project import Project


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{use: pick, prompts: $seed, template: t.j2}", "p.yaml:4:34: pick calls no model, so it takes no 'template' - remove it"),
        ("{use: pick, prompts: $seed, on_error: skip}", "p.yaml:4:34: pick calls no model, so it takes no 'on_error' - remove it"),
        ("{use: write, prompts: $seed, n: 1, template: t.j2, metric: exact}",
         "p.yaml:4:57: write scores nothing, so it takes no 'metric' - remove it"),
        ("{use: grade, prompts: $seed, on: $train, with: {a: 1}}",
         "p.yaml:4:47: grade renders no template of its own, so it takes no 'with' - remove it"),
        ("{use: grade, prompts: $seed, on: $train, metric: exct}", "p.yaml:4:55: there is no metric 'exct' - did you mean 'exact'?"),
        ("{use: tell, prompts: $seed, n: 1, template: t.j2, settings: {temperature: 1}}", "p.yaml:4:56: tell calls no model, so it takes no 'settings' - remove it"),
        ("{use: tell, prompts: $seed, n: 1, template: t.j2, cache: off}", "p.yaml:4:56: tell calls no model, so it takes no 'cache' - remove it"),
        ("{use: tell, prompts: $seed, n: 1, template: t.j2, model: judge}", "p.yaml:4:56: tell calls no model, so it takes no 'model' - remove it"),
        ("{use: tell, prompts: $seed, n: 1}", "p.yaml:4:3: tell needs a template - write template: FILE.j2"),
        ("{use: write, prompts: $seed, n: 1}", "p.yaml:4:3: write needs a template - write template: FILE.j2"),
        ("{use: write, prompts: $seed, n: 1, template: tt.j2}", "p.yaml:4:51: there is no template tt.j2 - did you mean 't.j2'?"),
        ("{use: write, prompts: $seed, n: 1, template: ../t.j2}",
         "p.yaml:4:51: ../t.j2 leads out of the pipeline's folder - copy it into ., "
         "or, if you trust the file that names it, allow its folder: PROMPTWIRE_ALLOW=FOLDER"),
        ("{use: write, prompts: $seed, n: 1, template: t.j2, model: tsk}", "p.yaml:4:64: the text 'tsk' is not a model role - did you mean 'task'?"),
        ("{use: write, prompts: $seed, n: 1, template: t.j2, with: {x: $sed}}", "p.yaml:4:67: there is no 'sed' here - did you mean '$seed'?"),
    ],
)  # fmt: skip
def test_a_key_that_the_node_type_does_not_take_is_an_error(project: Project, written: str, expected: str) -> None:
    project.write("t.j2", "{{ prompts }}{{ n }}")
    assert expected in project.told_of(f"  x: {written}", outputs="{prompt: $seed, x: $x}")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("retries: 2", "'retries' has an effect only with on_error: retry - add on_error: retry, or remove it"),
        ("retries: 2, on_error: skip", "'retries' has an effect only with on_error: retry"),
        ("max_failed: 0.5", "'max_failed' has an effect only with on_error: skip"),
    ],
)
def test_a_key_without_effect_gets_a_warning(project: Project, written: str, expected: str) -> None:
    text = f"promptwire: 1\ninputs: {{seed: Prompts, train: Examples}}\nnodes:\n  y: {{use: grade, prompts: $seed, on: $train, {written}}}\n"
    told = project.told(text + "outputs: {prompt: $seed, scores: $y}\n")
    assert len(told) == 1 and f": warning: {expected}" in told[0]
    works = (
        written.replace("skip", "retry")
        if "on_error" in written
        else f"{written}, on_error: {'retry' if 'retries' in written else 'skip'}"
    )
    assert project.told(text.replace(written, works) + "outputs: {prompt: $seed, scores: $y}\n") == []


@pytest.mark.parametrize("wrong", ["on_error: again", "on_error: retry, retries: 0", "on_error: retry, retries: often"])
def test_an_unknown_on_error_is_an_error(project: Project, wrong: str) -> None:
    assert len(project.told_of(f"  y: {{use: grade, prompts: $seed, on: $train, {wrong}}}", outputs="{scores: $y}")) == 1


def test_retries_reach_the_step(project: Project) -> None:
    text = "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\nnodes:\n  y: {use: grade, prompts: $seed, on: $train, KEYS}\noutputs: {scores: $y}\n"
    for keys, rounds in (("on_error: retry", 3), ("on_error: retry, retries: 7", 7), ("on_error: fail", 0)):
        step = project.graph(text.replace("KEYS", keys)).steps["y"]
        assert isinstance(step, CallStep) and step.asking is not None
        assert step.asking.rounds == rounds


def test_engine_keys_reach_the_step(project: Project) -> None:
    template = project.write("t.j2", "{{ prompts }}{{ n }}{{ more }}")
    text = """\
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  x: {use: write, prompts: $seed, n: 1, template: ./t.j2, model: judge, with: {more: $train}, settings: {temperature: 0.5},
      cache: refresh, on_error: skip, max_failed: 0.1}
  y: {use: grade, prompts: $x, on: $train, metric: exact}
outputs: {prompt: $x, scores: $y}
"""
    steps = project.graph(text).steps
    assert isinstance(steps["x"], CallStep)
    assert isinstance(steps["y"], CallStep)
    asking, scoring = steps["x"].asking, steps["y"].asking
    assert asking is not None
    assert (asking.role, asking.settings.temperature, asking.cache, asking.on_error, asking.max_failed) == (
        "judge", 0.5, "refresh", "skip", 0.1,
    )  # fmt: skip
    assert Path(asking.template or "").samefile(template)
    assert Path(asking.template or "").is_absolute()
    assert [str(wire) for wire in asking.given.values()] == ["$train"]
    assert scoring == ModelCallSpec(role="task", metric="exact")


def test_a_template_without_a_model_reaches_the_step(project: Project) -> None:
    template = project.write("t.j2", "{{ prompts }}{{ n }}{{ more }}")
    nodes = "nodes: {x: {use: tell, prompts: $seed, n: 1, template: t.j2, with: {more: $train}}}"
    text = f"promptwire: 1\ninputs: {{seed: Prompts, train: Examples}}\n{nodes}\noutputs: {{prompt: $x}}\n"
    step = project.graph(text).steps["x"]
    assert isinstance(step, CallStep) and step.asking is None
    assert Path(step.template or "").samefile(template)
    assert {name: str(wire) for name, wire in step.given.items()} == {"more": "$train"}
