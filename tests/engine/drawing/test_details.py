"""What decides what a step does, in a few words."""

from __future__ import annotations

import pytest

from promptwire.drawing.diagram import make_diagram
from promptwire.language.check import load_graph
from tests.sample_project import Project

NODES = {
    "a: {use: beam-select, prompts: $seed, on: $train, keep: 3, policy: ucb}": ("policy ucb", "keep 3"),
    "a: {use: sample, of: $train, n: $k}": ("n 7",),
    "a: {use: evaluate, prompts: $seed, on: $train, metric: contains}": ("metric contains",),
    "a: {use: resample, prompts: $seed, template: ape/resample.j2, n: 2}": ("ape/resample.j2", "n 2"),
    "a: {use: dedupe, prompts: $seed, without: [one very long text, or another], digits: false}": (
        "without one very long text, or…", "digits no",
    ),
    "a: {use: history-append, scores: $s}": (),
}  # fmt: skip


@pytest.mark.parametrize("node", NODES)
def test_template_metric_policy_and_settings_are_named(project: Project, node: str) -> None:
    project.write(
        "p.yaml",
        "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\nparams: {k: 7}\nnodes:\n"
        f"  s: {{use: evaluate, prompts: $seed, on: $train}}\n  {node}\noutputs: {{a: $a, s: $s}}\n",
    )
    boxes, _ = make_diagram(load_graph(project.folder / "p.yaml"))
    (found,) = [box.details for box in boxes if box.path == "a"]
    assert found == NODES[node]
