"""Run pipelines in the planted worlds and measure the held-out score of what they find."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from world_scores import accuracy, task_of

from promptwire.backends.worlds import reply_in
from tests.pipelines.search_runs import model, search

__all__ = ["reached"]

DEV = 40
"""Examples for choosing between prompts."""


async def reached(
    world: str, pipeline: str | Path, params: Mapping[str, Any], sets: Mapping[str, Any] | None = None, *, seeds: int = 4
) -> float:
    """The mean held-out score of the best prompt over the first `seeds` seeds."""
    found = []
    for seed in range(seeds):
        run = await search(pipeline, model(reply_in(world)), task_of(world, DEV), seed=seed, params=params, sets=sets)
        found.append(accuracy(world, run.prompt))
    return sum(found) / seeds
