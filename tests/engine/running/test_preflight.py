"""Scoring settings of a pipeline, as the report uses them, and what is refused before the first call."""

from __future__ import annotations

import pytest

from promptwire.backend import Settings
from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import UsageError
from promptwire.language.check import load_graph
from promptwire.running.preflight import Scoring, inspect, scoring
from tests.engine.sample_session import graph, session, task
from tests.sample_project import Project

HEAD = "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\n"
INNER = f"{HEAD}models: {{task: {{max_tokens: 5}}}}\nnodes:\n  best: {{use: beam-select, prompts: $seed, on: $train}}\noutputs: {{prompt: $best}}\n"
EVALUATE = "  scores: {use: evaluate, prompts: $seed, on: $train%s}\n"
SELECT = "  best: {use: beam-select, scores: $scores}\n"
PART = "  best: {use: ./inner.yaml, seed: $seed, train: $train}\n"
TASK = {"task": Settings(max_tokens=9)}


@pytest.mark.parametrize(
    ("models", "nodes", "found"),
    [
        ("", EVALUATE % "" + SELECT, Scoring()),
        ("{task: {max_tokens: 9}}", EVALUATE % "" + SELECT, Scoring(roles=TASK)),
        ("{task: {max_tokens: 9}, meta: {temperature: 1}}", EVALUATE % "" + SELECT, Scoring(roles=TASK)),
        ("", EVALUATE % ", settings: {max_tokens: 9}" + SELECT, Scoring(Settings(max_tokens=9))),
        ("", PART, Scoring(roles={"task": Settings(max_tokens=5)})),
        ("{task: {top_p: 0.5}}", PART, Scoring(roles={"task": Settings(max_tokens=5, top_p=0.5)})),
        ("", EVALUATE % "" + PART.replace("$seed", "$seed"), None),
    ],
)
def test_the_report_scores_with_the_settings_of_the_search(
    project: Project, models: str, nodes: str, found: Scoring | None
) -> None:
    project.write("inner.yaml", INNER)
    head = f"{HEAD}models: {models}\n" if models else HEAD
    outputs = "outputs: {prompt: $best" + (", scores: $scores}" if "scores:" in nodes else "}")
    path = project.write("p.yaml", f"{head}nodes:\n{nodes}{outputs}\n")
    assert scoring(load_graph(str(path))) == found


async def test_a_watched_metric_that_needs_calls_of_its_own_is_refused_before_the_first_call() -> None:
    run = session(ScriptedBackend(lambda request, key: ""), task=task(watch=("judge",)))
    with pytest.raises(UsageError, match="it would need calls of its own"):
        inspect(graph(outputs={}, types={}), run)
