"""The chain of rounds that overlap is the one that a run by a simulated clock has."""

from __future__ import annotations

import pytest
from busy_replies import numbers, well_formed
from waits import CHAINS, busy, waits

from promptwire.graph.steps import CallStep
from promptwire.language.check import load_graph
from promptwire.limits import Limits
from promptwire.networks.round_chain import Chain
from promptwire.networks.waits import longest_chain
from tests.sample_project import Project

LOOP = """\
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  loop:
    repeat: %d
    carry:
      beam: {start: $seed, next: %s}
      kept: {type: Prompts, next: $best}
    nodes:
%s
outputs: {prompt: $loop.kept}
"""
NEW = "resample, template: ape/paraphrase.j2, prompts"
DRAWS = f"      new: {{use: {NEW}: $beam}}\n"
SCORES = "      scores: {use: evaluate, prompts: [$new, $kept], on: $train}\n      best: {use: beam-select, scores: $scores, keep: 1}"
SCORES_ALONE = SCORES.replace(", $kept", "")
EACH = f"      e: {{each: {{one: $beam}}, nodes: {{a: {{use: {NEW}: $one}}, b: {{use: {NEW}: $a}}}}, outputs: {{out: $b}}}}\n"


def calls(step: CallStep) -> bool:
    return step.asking is not None and not step.only_reads


@pytest.mark.parametrize(
    ("rounds", "following", "nodes", "in_sequence", "overlapping"),
    [
        (4, "$new", DRAWS + SCORES_ALONE, "4 × (new → scores)", "4 × (new) → scores"),
        (4, "$new", DRAWS + SCORES, "4 × (new → scores)", "4 × (new) → scores"),
        (4, "$best", DRAWS + SCORES, "4 × (new → scores)", "4 × (new → scores)"),
        (4, "$seed", DRAWS + SCORES_ALONE, "4 × (new → scores)", "new → scores"),
        (70, "$seed", DRAWS + SCORES_ALONE, "70 × (new → scores)", "3 × (new → scores)"),
        (3, "$e.out", EACH + SCORES_ALONE.replace("$new", "$e.out"), "3 × (a → b → scores)", "3 × (a → b) → scores"),
    ],
    ids=["scores wait for nothing after", "scores wait for scores", "no overlap", "all at once", "32 at once", "elements"],
)
def test_the_chain_is_as_long_as_the_run(
    project: Project, rounds: int, following: str, nodes: str, in_sequence: str, overlapping: str
) -> None:
    path = project.write("p.yaml", LOOP % (rounds, following, nodes))
    graph, task = load_graph(path), numbers(3)
    for text, limits in ((in_sequence, Limits(calls=10**9)), (overlapping, None)):
        chain = longest_chain(graph, calls, unlimited=limits is None)
        measured = waits(str(path), task, answer=well_formed, limits=limits).search
        assert (chain.text, chain.calls) == (text, measured)


@pytest.mark.parametrize("pipeline", ["evoprompt-ga", "iterative-ape", "opro", "pe2", "random-search", "textgrad"])
def test_the_chain_of_a_shipped_pipeline_whose_steps_ask_once_is_as_long_as_its_run(pipeline: str) -> None:
    graph = load_graph(pipeline, params=CHAINS[pipeline].params)
    assert longest_chain(graph, calls, unlimited=True).calls == busy(pipeline).search


@pytest.mark.parametrize("pipeline", ["promptagent", "promptbreeder"])
def test_the_chain_is_at_least_as_long_as_a_run_that_ends_early(pipeline: str) -> None:
    graph = load_graph(pipeline, params=CHAINS[pipeline].params)
    assert longest_chain(graph, calls).calls >= longest_chain(graph, calls, unlimited=True).calls >= busy(pipeline).search


def test_rounds_inside_a_stage_with_limits_do_not_overlap(project: Project) -> None:
    project.write("inner.yaml", LOOP % (4, "$new", DRAWS + SCORES_ALONE))
    outer = "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\nnodes:\n  a: {use: ./inner.yaml, seed: $seed, train: $train%s}\noutputs: {prompt: $a}\n"
    free = load_graph(project.write("free.yaml", outer % ""))
    bound = load_graph(project.write("bound.yaml", outer % ", limits: {calls: 9}"))
    assert longest_chain(free, calls, unlimited=True) == Chain(5, "a (4 × (new) → scores)")
    assert longest_chain(bound, calls, unlimited=True) == Chain(8, "a (4 × (new → scores))")
