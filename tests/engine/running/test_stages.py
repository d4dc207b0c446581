"""Stages: what a pipeline gives when its own limits end it, and that the run goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promptwire.api import run as optimize
from promptwire.backend import Request
from promptwire.backends.planted import reply as planted
from promptwire.backends.scripted import ScriptedBackend
from promptwire.bundles.writer import write_bundle
from promptwire.errors import LimitReached, RunError
from promptwire.limits import Limits
from promptwire.options import Options, cache_folder
from promptwire.values import Prompts
from promptwire.values.hashing import stream
from tests.pipelines.planted_task import parcels
from tests.pipelines.search_runs import Outcome, kind_of, mixed, model, numbers, search, well_formed

HEAD = "promptwire: 1\ninputs: {seed: Prompts, train: Examples}\n"
STAGE = """\
promptwire: 1
inputs: {beam: Prompts, train: Examples}
params: {rounds: 3}
nodes:
  first: {use: evaluate, prompts: $beam, on: $train}
  search:
    repeat: $rounds
    carry: {known: {start: $first, next: [$known, $scores]}}
    nodes:
      kids:   {use: resample, prompts: $beam, template: ape/paraphrase.j2, n: 2}
      scores: {use: evaluate, prompts: $kids, on: $train}
  best: {use: beam-select, scores: $search.known, keep: 2}
outputs: {prompts: $best, scores: $search.known, rounds: $search.rounds}
"""
USER = """\
nodes:
  stage: {use: ./stage.yaml, beam: $seed, train: $train, limits: LIMITS}
  more:  {use: evaluate, prompts: $stage, on: $train}
outputs: {prompt: $stage.prompts, scores: $stage.scores, rounds: $stage.rounds, more: $more}
"""


async def run(project: Path, stage: str, *, used: ScriptedBackend | None = None, **options: Any) -> Outcome:
    """Run the user of a stage of 4 + 3 x (2 + 8) calls, on four examples."""
    (project / "stage.yaml").write_text(STAGE)
    (project / "p.yaml").write_text(HEAD + USER.replace("LIMITS", stage))
    return await search(project / "p.yaml", used or model(), numbers(4), **options)


@pytest.mark.parametrize(
    ("limits", "rounds", "calls"),
    [("{calls: 34}", 3, 34), ("{calls: 33}", 2, 33), ("{calls: 24}", 2, 24), ("{calls: 15}", 1, 15), ("{calls: 4}", 0, 4)],
)
async def test_the_loops_of_a_stage_end_with_the_last_complete_round(
    tmp_path: Path, limits: str, rounds: int, calls: int
) -> None:
    found = await run(tmp_path, limits)
    assert found.outputs["rounds"] == rounds
    assert len(found.outputs["scores"].prompts) == 1 + 2 * rounds
    assert sum(count.new for path, count in found.session.gateway.usage.steps.items() if path.startswith("stage.")) <= calls
    assert bool(found.session.stages_ended) == (rounds < 3)
    assert found.session.limits_hit == []
    assert len(found.outputs["more"].rows) == 4 * len(found.outputs["prompt"])


async def test_a_step_that_was_not_run_gives_the_best_so_far_or_what_was_given(tmp_path: Path) -> None:
    found = await run(tmp_path, "{calls: 3}")
    assert [prompt.text for prompt in found.outputs["prompt"].items] == ["Say it."]
    assert (len(found.outputs["scores"].rows), found.outputs["rounds"]) == (0, 0)
    reason = "the limit of 3 calls of the stage stage is reached, at stage.first"
    assert found.session.stages_ended == {"stage": reason}


async def test_a_better_prompt_of_the_round_that_was_cut_is_given_first(tmp_path: Path) -> None:
    """Both children of the first round are right three times of four; the fourth answer of the second is over the limit."""

    def reply(request: Request, key: str) -> str:
        text = request.messages[-1].content if request.messages else ""
        right = kind_of(request) == "task" and text.startswith("text ")
        return f"answer {text.rpartition('number ')[2].split()[0]}" if right else well_formed(request, key)

    found = await run(tmp_path, "{calls: 13}", used=model(reply))
    assert found.outputs["rounds"] == 0
    (best,) = found.outputs["prompt"].items
    assert best.made_by == "stage.search.kids"


async def test_a_limit_of_the_run_inside_a_stage_ends_both_with_the_best(tmp_path: Path) -> None:
    (tmp_path / "stage.yaml").write_text(STAGE)
    user = USER.replace("LIMITS", "{calls: 30}").replace(", more: $more", "")
    (tmp_path / "p.yaml").write_text(HEAD + user)
    found = await search(tmp_path / "p.yaml", model(), numbers(4), limits=Limits(calls=20))
    assert (found.outputs["rounds"], found.session.stages_ended) == (1, {})
    assert found.session.limits_hit[0].startswith("the limit of 20 calls is reached, at stage.search")


async def test_under_on_limit_fail_only_a_limit_of_the_run_fails(tmp_path: Path) -> None:
    session = (await run(tmp_path, "{calls: 20}")).session
    strict = replace(session, anytime=False)
    assert [strict.may_end(_limit(stage)) for stage in ("stage", "")] == [True, False]


def _limit(stage: str) -> LimitReached:
    limit = LimitReached("the limit is reached")
    limit.stage = stage
    return limit


async def test_answers_from_the_cache_cost_a_stage_nothing(tmp_path: Path) -> None:
    whole = await run(tmp_path, "{calls: 34}", folder=tmp_path / "kept")
    again = await run(tmp_path, "{calls: 0}", folder=tmp_path / "kept")
    assert (again.outputs["rounds"], again.calls, again.session.stages_ended) == (3, 0, {})
    assert again.outputs["prompt"] == whole.outputs["prompt"]


PARALLEL = """\
nodes:
  one:   {use: ./stage.yaml, beam: $seed, train: $train, limits: {share: 0.5}}
  other: {use: ./stage.yaml, beam: $seed, train: $train, limits: {share: 0.5}}
  last:  {use: opro.yaml, seed: [$one, $other], train: $train, steps: 4, scored_on: 4, limits: {share: 1.0}}
outputs: {prompt: $last.prompt, one: $one.rounds, other: $other.rounds, history: $last.history}
"""


class Late:
    """Answers in an order that a seed draws."""

    def __init__(self, seed: int) -> None:
        self._draws = stream("late", seed)

    async def __call__(self, seconds: float) -> None:
        for _ in range(self._draws.randrange(40)):
            await asyncio.sleep(0)


@pytest.mark.parametrize("calls", [11, 30, 60, 90])
async def test_what_finishes_first_changes_no_result(tmp_path: Path, calls: int) -> None:
    (tmp_path / "stage.yaml").write_text(STAGE)
    (tmp_path / "p.yaml").write_text(HEAD + PARALLEL)

    async def once(seed: int) -> Mapping[str, Any]:
        late = model(mixed, latency=1.0, sleep=Late(seed))
        found = await search(tmp_path / "p.yaml", late, numbers(4), limits=Limits(calls=calls))
        assert found.calls <= calls
        return found.outputs

    first, *others = [await once(seed) for seed in range(5)]
    assert all(other == first for other in others)


async def test_a_stage_of_a_shipped_pipeline_gives_its_best_at_any_limit(tmp_path: Path) -> None:
    text = "nodes:\n  stage: {use: protegi.yaml, seed: $seed, train: $train, pulls: 100, limits: {calls: CALLS}}\noutputs: {prompt: $stage}\n"
    initial = parcels().prompts.items[0].text
    for calls in (0, 40, 160, 400):
        (tmp_path / "p.yaml").write_text(HEAD + text.replace("CALLS", str(calls)))
        found = await search(tmp_path / "p.yaml", model(planted), parcels())
        assert isinstance(found.outputs["prompt"], Prompts)
        assert found.calls <= calls
        assert (found.prompt.text == initial) == (calls < 160)


LOOPED = """\
nodes:
  loop:
    repeat: 3
    carry: {beam: {start: $seed, next: $stage}}
    nodes:
      stage: {use: ./stage.yaml, beam: $beam, train: $train, rounds: 1, limits: {calls: 14}}
outputs: {prompt: $loop.beam, rounds: $loop.rounds}
"""


async def test_a_stage_in_a_loop_gets_its_limits_anew_in_each_round(tmp_path: Path) -> None:
    """A round of one prompt takes 4 + 2 + 8 calls; one of two prompts would take 8 + 4 + 16, of which 14 are too few."""
    (tmp_path / "stage.yaml").write_text(STAGE)
    (tmp_path / "p.yaml").write_text(HEAD + LOOPED)
    found = await search(tmp_path / "p.yaml", model(), numbers(4))
    assert found.outputs["rounds"] == 3
    first, *later = [row["outputs"]["rounds"] for row in found.values if row["path"] == "loop.stage"]
    assert (first, later) == (1, [0, 0])
    assert 14 < found.calls <= 3 * 14
    assert found.session.stages_ended["loop.stage"].endswith("at loop.stage.search.scores, round 2.1")


def test_the_report_names_a_stage_that_ended_and_its_run_is_not_bundled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "cache"))
    text = "nodes:\n  s: {use: random-search.yaml, seed: $seed, train: $train, n: 3, scored_on: 8, limits: LIMITS}\n"
    reports = []
    for number, limits in enumerate(("{calls: 200}", "{calls: 9}")):
        Path(f"p{number}.yaml").write_text(HEAD + text.replace("LIMITS", limits) + "outputs: {prompt: $s}\n")
        reports.append(optimize(f"p{number}.yaml", "planted", Options(models={"task": "scripted:planted"}, seed=number)))
    whole, cut = reports
    assert (whole.stages_ended, "stages_ended" in whole.to_json()) == ({}, False)
    reason = "the limit of 9 calls of the stage s is reached, at s.best"
    assert (cut.stages_ended, cut.limit) == ({"s": reason}, None)
    assert f"{reason}: the stage gave its best so far" in cut.notes
    with pytest.raises(RunError, match="a limit ended a stage"):
        write_bundle(Path(cut.run), cache_folder(), tmp_path / "x.bundle")
    assert write_bundle(Path(whole.run), cache_folder(), tmp_path / "y.bundle") == 0
