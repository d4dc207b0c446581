"""Tasks with many initial prompts, a task model under which prompts differ, and the means of score tables."""

from __future__ import annotations

from typing import Any

from promptwire.backend import Request
from promptwire.tasks.task import Task
from promptwire.values import Prompt, Prompts
from promptwire.values.hashing import digest
from tests.pipelines.planted_task import PLANTED, Search, parcels
from tests.pipelines.search_runs import kind_of, numbers, well_formed

GIVEN = {"induced": 0}


def seeded(task: Task, *texts: str) -> Task:
    """`task` that starts from these prompts."""
    return task.model_copy(update={"prompts": Prompts.of(Prompt(text=text) for text in texts)})


def many(count: int = 36, dev: int = 20) -> Task:
    """A task with many initial prompts."""
    return seeded(numbers(20, dev=dev), *(f"Say it in way {number}." for number in range(count)))


def right(prompt: str, number: str) -> bool:
    """Whether the task model is right with `prompt` on a number: on a share of them that its wording says, by hash."""
    return int(digest([prompt, number], 4), 16) % 100 < int(digest(prompt, 4), 16) % 100


def graded(request: Request, key: str) -> str:
    """Well-formed, with a task model under which prompts differ."""
    if kind_of(request) != "task":
        return well_formed(request, key)
    prompt, _, rest = request.messages[-1].content.partition("\n\nInput: number ")
    number = rest.partition("\n")[0]
    return f"answer {number}" if right(prompt, number) else "wrong"


def means(scores: dict[str, Any]) -> dict[str, float]:
    """The mean value of each prompt id in a table as JSON."""
    found: dict[str, list[float]] = {}
    for row in scores["rows"]:
        found.setdefault(row["prompt"], []).append(row["value"])
    return {prompt: sum(values) / len(values) for prompt, values in found.items()}


def halves() -> Task:
    """The planted task, with six initial prompts that hold three of the six hints each: only breeding brings all together."""
    hints = sorted(PLANTED)
    held = [[hints[(first + step) % 6] for step in range(3)] for first in range(6)]
    return seeded(parcels(), *(" ".join(["Write the label.", *(f"State the {hint}." for hint in some)]) for some in held))


HALVES = Search({**GIVEN, "founders": 6, "population": 12, "steps": 6, "scored_on": 24})
