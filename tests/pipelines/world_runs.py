"""Run pipelines in the planted worlds and measure the held-out score of what they find."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from promptwire.backend import Request
from promptwire.backends.worlds import reply_in
from promptwire.tasks.task import Task, load_task
from promptwire.values import Example, Examples, Message, Prompt
from tests.pipelines.search_runs import model, search

DEV = 40


@lru_cache
def task_of(world: str) -> Task:
    """The task of `world`, with the last 40 train examples as dev."""
    task = load_task(world)
    items = task.train.items
    return task.model_copy(update={"train": Examples(items=items[:-DEV]), "dev": Examples(items=items[-DEV:])})


def accuracy(world: str, prompt: Prompt) -> float:
    """Share of the held-out parcels that the task model of `world` gets right with `prompt`."""
    test = load_task("planted").test.items
    shots = "".join(f"Input: {shot.text}\nOutput: {shot.output}\n\n" for shot in prompt.demos)
    answer = reply_in(world)

    def said(example: Example) -> str:
        text = f"{prompt.text}\n\n{shots}Input: {example}\nOutput:"
        return str(answer(Request("generate", (Message(role="user", content=text),)), ""))

    return sum(said(example) == example.output for example in test) / len(test)


async def reached(
    world: str, pipeline: str | Path, params: Mapping[str, Any], sets: Mapping[str, Any] | None = None, *, seeds: int = 4
) -> float:
    """The mean held-out score of the best prompt over the first `seeds` seeds."""
    found = []
    for seed in range(seeds):
        run = await search(pipeline, model(reply_in(world)), task_of(world), seed=seed, params=params, sets=sets)
        found.append(accuracy(world, run.prompt))
    return sum(found) / seeds
