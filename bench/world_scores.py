"""Task of a planted world with dev examples, and the held-out score of a prompt in it."""

from __future__ import annotations

from functools import lru_cache

from promptwire.backend import Request
from promptwire.backends.planted import reply as planted_reply
from promptwire.backends.worlds import reply_in
from promptwire.tasks.task import Task, load_task
from promptwire.values import Example, Examples, Message, Prompt

__all__ = ["accuracy", "task_of"]


@lru_cache
def task_of(world: str, dev: int) -> Task:
    """The task of `world`, with its last `dev` train examples as dev."""
    task = load_task(world)
    items = task.train.items
    return task.model_copy(update={"train": Examples(items=items[:-dev]), "dev": Examples(items=items[-dev:])})


def accuracy(world: str, prompt: Prompt) -> float:
    """Share of the held-out parcels that the task model of `world` gets right with `prompt`."""
    test = load_task("planted").test.items
    answer = planted_reply if world == "planted" else reply_in(world)
    shots = "".join(f"Input: {shot.text}\nOutput: {shot.output}\n\n" for shot in prompt.demos)

    def right(example: Example) -> bool:
        text = f"{prompt.text}\n\n{shots}Input: {example}\nOutput:"
        return answer(Request("generate", (Message(role="user", content=text),)), "") == example.output

    return sum(map(right, test)) / len(test)
