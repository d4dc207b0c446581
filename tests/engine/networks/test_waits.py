"""Calls in a chain."""

from __future__ import annotations

import pytest

from promptwire.graph.steps import CallStep
from promptwire.language.check import load_graph
from promptwire.networks.waits import Chain, longest_chain
from tests.sample_project import Project

HEAD = "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\nparams: {rounds: 5}\nnodes:\n"
SCORE = "{use: evaluate, prompts: $seed, on: $train}"


def calls(step: CallStep) -> bool:
    return step.asking is not None


@pytest.mark.parametrize(
    ("nodes", "chain"),
    [
        (f"  a: {SCORE}\n  b: {SCORE}\noutputs: {{a: $a, b: $b}}\n", Chain(1, "a")),
        (
            "  a: {use: resample, prompts: $seed, template: ape/paraphrase.j2}\n"
            "  b: {use: evaluate, prompts: $a, on: $train}\noutputs: {b: $b, a: $a}\n",
            Chain(2, "a → b"),
        ),
        (
            "  l:\n    repeat: $rounds\n    carry: {beam: {start: $seed, next: $a}}\n    nodes:\n"
            "      a: {use: resample, prompts: $beam, template: ape/paraphrase.j2}\n"
            "  b: {use: evaluate, prompts: $l.beam, on: $train}\noutputs: {b: $b, a: $l.beam}\n",
            Chain(6, "5 × (a) → b"),
        ),
        (
            "  e:\n    each: {one: $seed}\n    nodes:\n      a: {use: resample, prompts: $one, template: ape/paraphrase.j2}\n"
            "    outputs: {prompts: $a}\noutputs: {a: $e}\n",
            Chain(1, "a"),
        ),
        ("  s: {use: sample, of: $train, n: 2}\noutputs: {p: $seed, s: $s}\n", Chain(0, "")),
    ],
    ids=["side by side", "after each other", "a loop counts its rounds", "elements run together", "no call"],
)
def test_the_longest_chain_counts_what_waits(project: Project, nodes: str, chain: Chain) -> None:
    project.write("p.yaml", HEAD + nodes)
    assert longest_chain(load_graph(project.folder / "p.yaml"), calls) == chain


def test_an_inner_pipeline_is_named_before_its_steps() -> None:
    text = longest_chain(load_graph("protegi", params={"rounds": "2"}), calls).text
    assert text.startswith("2 × (expand (graded → ") and text.endswith(") → select) → best")


def test_params_of_an_inner_pipeline_set_its_rounds() -> None:
    outer = load_graph("opro", params={"steps": "3"})
    assert longest_chain(outer, calls).text == "first → 3 × (ideas → scores)"
    assert longest_chain(load_graph("opro", params={"steps": "0"}), calls).calls == 1
