"""Scores that a loop returns to a race are counted once, and only where that is certain."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.language.check import load_graph
from promptwire.planning.plan import make_plan
from promptwire.values import Prompt, Prompts
from tests.pipelines.scored_prompts import graded
from tests.pipelines.search_runs import mixed, model, numbers, search

LOOP = """
promptwire: 1
inputs: {{seed: Prompts, train: Examples}}
nodes:
  other: {{use: evaluate, prompts: $seed, on: $train}}
  search:
    repeat: {repeat}
    carry:
      alive:  {{start: $seed, next: {alive}}}
      scores: {{type: Scores, next: $best.scores}}
    nodes:
      some: {{use: sample, of: $train, n: 9}}
      new:  {{use: resample, prompts: $alive, template: ape/resample.j2, n: 1}}
      best: {{use: race, prompts: {prompts}, on: {on}, scores: {scores}, keep: {keep}, block: 3, blocks: {blocks}, penalty: 0.0{more}}}
outputs: {{prompt: $search.alive}}
"""
PLAIN = {
    "repeat": "6", "alive": "$best", "prompts": "[$alive, $new]", "on": "$train", "scores": "$scores", "keep": "4", "blocks": "3",
    "more": "",
}  # fmt: skip
EVERY = 4 + 5 * 2 * 4
"""Prompts that run when no round of six reuses scores: 2 and their 2 variants, then 4 and 4."""
NUMBERS = numbers(12)
TASK = NUMBERS.model_copy(update={"prompts": Prompts.of([Prompt(text="Say it."), Prompt(text="Name it.")])})


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ({}, (4 + 5 * 4) * 9),
        ({"more": ", shuffle: true", "blocks": "4"}, (4 + 5 * 4) * 12),
        ({"more": ", shuffle: true"}, EVERY * 9),
        ({"on": "$some"}, EVERY * 9),
        ({"scores": "$other"}, EVERY * 9),
        ({"scores": "[$scores, $other]"}, EVERY * 9),
        ({"prompts": "$new"}, (2 + 5 * 2) * 9),
        ({"alive": "[$best, $new]", "repeat": "3"}, (4 + 12 + 20) * 9),
        ({"repeat": "{size: [1, 2, 3, 4]}", "blocks": "$size"}, 4 * 3 + 8 * (6 + 9 + 12)),
    ],
)
async def test_prompts_are_counted_once_when_their_scores_return(changes: dict[str, str], counted: int, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(LOOP.format(**{**PLAIN, **changes}))
    steps = {step.path: step.most for step in make_plan(load_graph(tmp_path / "p.yaml"), TASK).steps}
    assert steps["search.best"] == counted
    for reply in (mixed, graded):
        for seed in range(4):
            run = await search(tmp_path / "p.yaml", model(reply), TASK, seed=seed)
            assert run.counted("search.best")[1] <= counted


async def test_prompts_from_before_the_first_race_are_counted_when_they_run(tmp_path: Path) -> None:
    """Few prompts need no race. They run when there are more prompts, and have no scores yet."""
    (tmp_path / "p.yaml").write_text(LOOP.format(**{**PLAIN, "keep": "15"}))
    (step,) = [step for step in make_plan(load_graph(tmp_path / "p.yaml"), TASK).steps if step.path == "search.best"]
    run = await search(tmp_path / "p.yaml", model(graded), TASK)
    assert step.most is not None
    assert 16 * 3 <= run.counted("search.best")[1] <= step.most == (2 + 2 + 4 + 8 + 3 * 15) * 9
