"""Plans of pipelines with stages: each stage counts with its limit at most, and what a cut stage gives is covered."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.bounds import Extent
from promptwire.language.check import load_graph
from promptwire.limits import Limits
from promptwire.planning.graph_walk import count_calls
from promptwire.planning.plan import Plan, make_plan
from promptwire.planning.step_plan import Known
from tests.pipelines.search_runs import mixed, model, numbers, search

HEAD = "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\n"
USER = """\
nodes:
  stage: {use: ./stage.yaml, seed: $seed, train: $train, limits: LIMITS}
  after: {use: resample, prompts: $stage, template: ape/paraphrase.j2, n: 2}
  best:  {use: beam-select, prompts: $after, on: $train, keep: 1}
outputs: {prompt: $best}
"""
STAGE = """\
nodes:
  kids: {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 3}
  top:  {use: beam-select, prompts: $kids, on: $train, keep: 3}
outputs: {prompts: $top, scores: $top.scores}
"""


def planned(folder: Path, limits: str, *, run: Limits | None = None, user: str = USER) -> Plan:
    """The plan on 10 examples: a stage of 3 + 30 calls, then 6 + 60, and 8 + 20 of the report."""
    (folder / "stage.yaml").write_text(HEAD + STAGE)
    (folder / "p.yaml").write_text(HEAD + user.replace("LIMITS", limits))
    return make_plan(load_graph(folder / "p.yaml"), numbers(10), Known(limits=run))


@pytest.mark.parametrize(
    ("limits", "run", "bound", "total"),
    [
        ("{}", None, None, 127),
        ("{calls: 100}", None, 100, 127),
        ("{calls: 20}", None, 20, 114),
        ("{share: 0.5}", Limits(calls=48), 20, 48),
        ("{share: 0.5, calls: 7}", Limits(calls=408), 7, 101),
        ("{share: 0.5}", None, None, 127),
    ],
)
def test_a_stage_counts_with_its_limit_at_most(
    tmp_path: Path, limits: str, run: Limits | None, bound: int | None, total: int
) -> None:
    plan = planned(tmp_path, limits, run=run)
    assert [stage.calls for stage in plan.stages] == ([] if bound is None else [bound])
    assert plan.total.new == total
    assert any("the run has no limit to share" in note for note in plan.notes) == (limits == "{share: 0.5}" and run is None)


def test_a_stage_in_a_loop_counts_once_a_round_and_a_stage_in_a_stage_with_both(tmp_path: Path) -> None:
    (tmp_path / "outer.yaml").write_text(
        HEAD + USER.replace("LIMITS", "{calls: 20}").replace("outputs: {prompt", "outputs: {prompts")
    )
    user = """\
nodes:
  search:
    repeat: 3
    carry: {beam: {start: $seed, next: $one}}
    nodes: {one: {use: ./outer.yaml, seed: $beam, train: $train, limits: {calls: 50}}}
outputs: {prompt: $search.beam}
"""
    plan = planned(tmp_path, "", user=user)
    assert {stage.path: stage.calls for stage in plan.stages} == {"search.one": 150, "search.one.stage": 60}
    assert plan.total.new == 150 + 28


def test_what_a_cut_stage_gives_is_within_the_bounds(tmp_path: Path) -> None:
    planned(tmp_path, "{calls: 5}")
    graph = load_graph(tmp_path / "p.yaml")
    bounds = count_calls(graph, {"seed": Extent.exactly(2), "train": Extent.exactly(10)})
    assert (bounds["after"].asks.least, bounds["after"].asks.most) == (0, 6)
    more = count_calls(graph, {"seed": Extent.exactly(5), "train": Extent.exactly(10)})
    assert [stage.limits for stage in more.stages] == [{"calls": 5.0}]
    assert more["after"].asks.most == 5 * 2, "a stage that could do nothing gives the five prompts that it was given"


@pytest.mark.parametrize("calls", [0, 2, 3, 8, 20, 33, 40])
async def test_no_run_exceeds_its_plan(tmp_path: Path, calls: int) -> None:
    plan = planned(tmp_path, f"{{calls: {calls}}}")
    run = await search(tmp_path / "p.yaml", model(mixed), numbers(10))
    for row in plan.steps[:-1]:
        assert run.session.gateway.usage.of(row.path).wanted <= (row.most or 0)
    assert run.calls <= (plan.total.new or 0) - 28
