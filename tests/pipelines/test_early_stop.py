"""A shipped pipeline with and without early stopping: the same search and the same prompt, in fewer calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from promptwire.backends.planted import reply
from promptwire.results.candidates import collect
from tests.pipelines.planted_task import parcels
from tests.pipelines.search_runs import Outcome, model, search

PARAMS = {"steps": 3, "population": 4, "tried_on": 12, "scored_on": 20}
# `fittest` scores the children itself, beside the rows of their parents.
SETS = {"search.graded": None, "search.fittest.scores": "$scores", "search.fittest.on": "$devset"}
STOP = {"search.fittest.early_stop": True, "search.fittest.batch": 4}


async def run(folder: Path, sets: dict[str, Any]) -> Outcome:
    return await search("critique-crossover", model(reply), parcels(), params=PARAMS, sets=sets, folder=folder)


async def test_generations_and_the_best_prompt_are_the_same_in_fewer_calls(tmp_path: Path) -> None:
    shipped = await run(tmp_path / "shipped", {})
    whole = await run(tmp_path / "whole", SETS)
    stopped = await run(tmp_path / "stopped", {**SETS, **STOP})
    assert shipped.prompt == whole.prompt == stopped.prompt
    assert shipped.calls == whole.calls > stopped.calls
    for step in map(str, range(PARAMS["steps"])):
        before, after = whole.gave("search.fittest", step), stopped.gave("search.fittest", step)
        assert (after["prompts"], after["kept"]["rows"]) == (before["prompts"], before["kept"]["rows"])
    # The report, the page and records show each score with the number of its examples.
    found = [(one.text, score) for one in collect(stopped.values).candidates({}, "exact") for score in one.scores]
    scores = {(text, score.n) for text, score in found if score.path == "search.fittest"}
    kept = {one["text"] for step in "012" for one in stopped.gave("search.fittest", step)["prompts"]["items"]}
    assert {(text, 20) for text in kept} <= scores
    assert {n for text, n in scores if text not in kept} & {4, 8, 12, 16}
