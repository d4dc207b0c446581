"""An idea of one's own as a text file: propose from the three best prompts and their typical errors, keep the Pareto front of
score and length. No paper, no Python: what a reader of the docs would write."""

from __future__ import annotations

from pathlib import Path

from promptwire.backends.planted import reply
from promptwire.backends.planted_meta import HINT
from tests.pipelines.planted_task import PLANTED, parcels
from tests.pipelines.search_runs import model, search

IDEA = """
promptwire: 1
name: short-and-good
doc: Edits of the three best prompts along their typical errors; the front of score and length goes on.
inputs: {seed: Prompts, train: Examples}
params: {rounds: 4}
nodes:
  first: {use: evaluate, prompts: $seed, on: $train}
  search:
    repeat: $rounds
    carry:
      front: {start: $seed, next: $kept}
      known: {start: $first, next: [$known, $scores]}
    nodes:
      top:      {use: beam-select, prompts: $front, scores: $known, keep: 3}
      graded:   {use: evaluate, prompts: $top, on: $train}
      errors:   {use: failures, of: $graded, size: 6}
      reasons:  {use: critique-gradient, of: $errors, template: protegi/gradient.j2, n: 3}
      ideas:    {use: edit, critiques: $reasons, template: protegi/edit.j2}
      shorter:  {use: resample, prompts: $top, template: shorter.j2}
      scores:   {use: evaluate, prompts: [$ideas, $shorter], on: $train}
      kept:     {use: pareto, prompts: [$front, $ideas, $shorter], scores: [$known, $scores], by: [score, length]}
  best: {use: beam-select, prompts: $search.front, scores: $search.known, keep: 1}
outputs: {prompt: $best, front: $search.front}
"""
SHORTER = """---
parse: {whole: true}
---
Rewrite the prompt below in fewer words. Reply with the rewritten prompt and nothing else.

{{ prompt }}
"""


async def test_the_front_of_score_and_length_grows_better_and_stays_short(tmp_path: Path) -> None:
    (tmp_path / "idea.yaml").write_text(IDEA)
    (tmp_path / "shorter.j2").write_text(SHORTER)
    run = await search(tmp_path / "idea.yaml", model(reply), parcels())
    scores = run.gave("best", "")["scores"]
    values: dict[str, list[float]] = {}
    for row in scores["rows"]:
        values.setdefault(row["prompt"], []).append(row["value"])
    shape = [(sum(values[prompt.id]) / len(values[prompt.id]), -len(prompt.text)) for prompt in run.outputs["front"].items]
    assert len(shape) > 2
    assert not any(a[0] >= b[0] and a[1] >= b[1] and a != b for a in shape for b in shape)
    assert max(shape)[0] == max(sum(found) / len(found) for found in values.values())
    assert set(HINT.findall(run.prompt.text.lower())) == PLANTED
