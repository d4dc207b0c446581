"""Former names in YAML: such a pipeline runs as before, and `check` gives the new name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptwire.documents import resources
from promptwire.language.check import Checked, check
from promptwire.registry.former_names import NODE_TYPES, PORTS
from promptwire.registry.node_types import Registry
from tests.pipelines.planted_task import parcels
from tests.pipelines.search_runs import mixed, model, search

TYPES = Registry()


def written(folder: Path, text: str) -> Checked:
    """What `check` finds in a pipeline with these nodes."""
    path = folder / "p.yaml"
    path.write_text(f"promptwire: 1\ninputs: {{seed: Prompts, train: Examples}}\nnodes:\n{text}outputs: {{prompt: $seed}}\n")
    return check(path)


def told(found: Checked) -> list[str]:
    """Messages and hints about former names."""
    return [f"{problem.message} - {problem.hint}" for problem in found.problems if problem.code == "former-name"]


def with_former_names(pipeline: str) -> str:
    """The text of a shipped pipeline with every renamed word as it was."""
    text = resources.pipeline_path(pipeline).read_text(encoding="utf-8")
    for old, new in NODE_TYPES.items():
        text = text.replace(f"use: {new},", f"use: {old},")
    for (kind, old), new in PORTS.items():
        text = text.replace(f"use: {kind}, {new}:", f"use: {kind}, {old}:")
    return text


@pytest.mark.parametrize(("old", "new"), NODE_TYPES.items())
def test_a_former_node_type_is_found_but_not_listed(old: str, new: str) -> None:
    assert TYPES[old] is TYPES.find(old) is TYPES[new]
    assert old in TYPES
    assert old not in set(TYPES)


@pytest.mark.parametrize(("owner", "port", "new"), [(*key, new) for key, new in PORTS.items()])
def test_a_former_port_is_not_a_port(owner: str, port: str, new: str) -> None:
    assert new in TYPES[owner].inputs.model_fields
    assert port not in TYPES[owner].inputs.model_fields


def test_check_warns_of_a_former_node_type(tmp_path: Path) -> None:
    found = written(tmp_path, "  s: {use: evaluate, prompts: $seed, on: $train}\n  a: {use: remember, scores: $s}\n")
    assert found.graph is not None
    assert told(found) == ["the node type 'remember' is now called 'history-append' - write use: history-append"]


GRADIENTS = """\
  s: {use: evaluate, prompts: $seed, on: $train}
  f: {use: failures, of: $s}
  c: {use: critique-gradient, of: $f, template: protegi/gradient.j2}
"""


@pytest.mark.parametrize("ports", ["along: $c", "along: $c, critiques: $c"])
def test_check_warns_of_a_former_port_and_refuses_both(tmp_path: Path, ports: str) -> None:
    found = written(tmp_path, f"{GRADIENTS}  e: {{use: edit, {ports}, template: protegi/edit.j2}}\n")
    message = "the port 'along' of edit is now called 'critiques'"
    both = "critiques:" in ports
    assert told(found) == [
        f"{message}, and both are given - remove along" if both else f"{message} - write critiques: in its place"
    ]
    assert (found.graph is None) == both


@pytest.mark.parametrize("base", ["critiques", "along"])
@pytest.mark.parametrize("patch", ["critiques", "along"])
@pytest.mark.parametrize("dotted", [True, False])
def test_a_variant_may_use_another_name_of_a_port_than_its_base(tmp_path: Path, base: str, patch: str, dotted: bool) -> None:
    """What a variant wires or removes is the port, whichever of its two names the base has."""
    edits = f"  e: {{use: edit, {base}: $c, template: protegi/edit.j2}}\n"
    written(tmp_path, f"{GRADIENTS}  c2: {{use: critique-gradient, of: $f, template: protegi/gradient.j2}}\n{edits}")

    def varied(change: str) -> Checked:
        override = f"{{{change}}}"
        (tmp_path / "v.yaml").write_text(f"promptwire: 1\nextends: ./p.yaml\noverride: {override}\n")
        return check(tmp_path / "v.yaml")

    found = varied(f"e.{patch}: $c2, outputs: {{prompt: $e}}" if dotted else f"e: {{{patch}: $c2}}, outputs: {{prompt: $e}}")
    assert found.graph is not None, found.problems
    step: Any = found.graph.steps["e"]
    assert {port: str(wire) for port, wire in step.wires.items()} == {"critiques": "$c2"}
    gone = "use: resample, prompts: $seed, template: ape/resample.j2"
    removed = varied(f"e: {{{gone}, {patch}: null}}, outputs: {{prompt: $e}}")
    assert removed.graph is not None, removed.problems


@pytest.mark.parametrize(("pipeline", "params"), [("pe2", {"steps": 2, "tried_on": 8}), ("opro", {"steps": 2, "scored_on": 8})])
async def test_a_pipeline_with_former_names_sends_the_same_requests(tmp_path: Path, pipeline: str, params: Any) -> None:
    """No draw, request or path depends on the name of a node type or port that was renamed."""
    (tmp_path / f"{pipeline}.yaml").write_text(with_former_names(pipeline), encoding="utf-8")
    assert told(check(tmp_path / f"{pipeline}.yaml"))
    models = [model(mixed), model(mixed)]
    runs = [
        await search(source, asked, parcels(), params=params, seed=5)
        for source, asked in zip((pipeline, tmp_path / f"{pipeline}.yaml"), models, strict=True)
    ]
    assert [str(request) for request in models[0].requests] == [str(request) for request in models[1].requests]
    assert runs[0].prompt == runs[1].prompt
    assert [{**row, "t": 0} for row in runs[0].values] == [{**row, "t": 0} for row in runs[1].values]
