"""The planted task for tests: its search sizes, random search, held-out accuracy, and variants of shipped pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from promptwire.backend import Request
from promptwire.backends.planted import reply
from promptwire.backends.planted_meta import HINT, INPUT, fields, scored
from promptwire.node import Context, node
from promptwire.tasks.task import Task, load_task
from promptwire.values import Examples, History, Message, Model, Prompt
from promptwire.values.hashing import stream
from tests.pipelines.search_runs import Reply, kind_of, model, search

SEEDS = 10
PLANTED = {"colour", "weight", "contents", "sender", "deadline", "insurance"}


@dataclass(frozen=True)
class Search:
    """A pipeline at a size at which ten seeds take seconds."""

    params: Mapping[str, Any]
    sets: Mapping[str, Any] = field(default_factory=dict)
    found: int = SEEDS
    """Seeds in which it finds all six hints in these rounds, at least."""


@lru_cache
def parcels() -> Task:
    """The shipped task, with fewer examples."""
    task = load_task("planted")
    items = task.train.items
    return task.model_copy(update={"train": Examples(items=items[:48]), "dev": Examples(items=items[48:72])})


@lru_cache
def vocabulary() -> tuple[str, ...]:
    """Every kind of field there is, wanted or not."""
    shown = [field for example in parcels().train.items for field in fields(INPUT.sub(r"\2", example.text))]
    return tuple(sorted({field.partition(" ")[0] for field in shown}))


def guess(request: Request, key: str) -> str:
    """The meta model that names as many hints as the informed one, and any."""
    answer, kind, draw = reply(request, key), kind_of(request), stream("guess", key)
    if kind == "idea":
        text = draw.choice(scored(request.messages[-1].content))[0]
        words = draw.sample(vocabulary(), draw.randint(1, 2))
        return f"<instruction>{' '.join([text, *(f'State the {word}.' for word in words)])}</instruction>"
    if kind == "reflection":
        known = HINT.findall(request.messages[-1].content.lower())
        return HINT.sub(lambda match: match[0] if match[1] in known else f"State the {draw.choice(vocabulary())}", answer)
    if kind in ("gradient", "examination", "induction", "response feedback"):
        return HINT.sub(lambda match: f"state the {draw.choice(vocabulary())}", answer)
    return answer


def accuracy(prompt: Prompt) -> float:
    """Share of the held-out examples that the planted task model gets right with `prompt`."""
    test = parcels().test.items
    asked = [Message(role="user", content=f"{prompt.text}\n\nInput: {example}\nOutput:") for example in test]
    said = [reply(Request("generate", (message,)), "") for message in asked]
    return sum(answer == example.output for answer, example in zip(said, test, strict=True)) / len(test)


@dataclass(frozen=True)
class Result:
    """What came of one seed."""

    found: bool
    accuracy: float
    calls: int


async def results(
    pipeline: str | Path, how: Search, reply: Reply = reply, *, seeds: int, types: Any = None, task: Task | None = None
) -> list[Result]:
    """The results of the first `seeds` seeds."""
    made = []
    for seed in range(seeds):
        asked = model(reply)
        run = await search(pipeline, asked, task or parcels(), seed=seed, params=how.params, sets=how.sets, types=types)
        hints = set(HINT.findall(run.prompt.text.lower()))
        made.append(Result(hints == PLANTED, accuracy(run.prompt), run.calls))
    return made


def mean(found: list[Result]) -> float:
    """Mean accuracy."""
    return sum(result.accuracy for result in found) / len(found)


def variant(folder: Path, base: str, patch: str, name: str = "variant") -> Path:
    """A pipeline file that changes a shipped one."""
    path = folder / f"{name}.yaml"
    path.write_text(f"promptwire: 1\nextends: {base}\nname: {name}\noverride: {patch}\n", encoding="utf-8")
    return path


class _Log(Model):
    of: History


class _Nothing(Model):
    pass


class _Mixed(Model):
    history: History


@node()
async def mix_up(inputs: _Log, params: _Nothing, context: Context) -> _Mixed:
    """Deal the scores of a history to its prompts anew."""
    entries = inputs.of.entries
    scores = context.rng().sample([entry.score for entry in entries], len(entries))
    mixed = [entry.model_copy(update={"score": score}) for entry, score in zip(entries, scores, strict=True)]
    return _Mixed(history=History(entries=tuple(mixed), rounds=inputs.of.rounds))
