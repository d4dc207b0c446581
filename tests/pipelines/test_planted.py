"""The planted world: each of the four finds what is planted, by its signal and by nothing else.

Three claims for each pipeline. It finds all six hints within its expected rounds, with its shipped templates. It beats random
search over 20 seeds: the same pipeline, graph and number of rounds, but where the meta model would name hints that it was shown,
it names as many drawn from all 16 there are. That random search is a strong one, for it keeps the pipeline's own selection (it
climbs hills) and knows the vocabulary, and it makes no fewer calls: the graph is the same, only sets that shrink by duplicates
differ. And it fails when its signal is cut and all else is left: so the signal travels the graph.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.backends.planted import planted, reply
from promptwire.backends.planted_meta import HINT, INPUT, fields, scored
from promptwire.documents import resources
from promptwire.node import Context, node
from promptwire.registry.node_types import Registry
from promptwire.tasks.task import Task, load_task
from promptwire.values import Examples, History, Message, Model, Prompt
from promptwire.values.hashing import stream
from tests.pipelines.search_runs import Reply, kind_of, model, search

SEEDS = 20
PLANTED = {"colour", "weight", "contents", "sender", "deadline", "insurance"}


@dataclass(frozen=True)
class Search:
    """A pipeline at a size at which 20 seeds take seconds."""

    params: Mapping[str, Any]
    sets: Mapping[str, Any] = field(default_factory=dict)
    found: int = SEEDS
    """Seeds of 20 in which it finds all six hints in these rounds, at least."""


SEARCHES = {
    "ape": Search({"scored_on": 32, "first": 4}, found=17),
    "protegi": Search({"rounds": 4, "pulls": 150}, {"search.expand.batch_size": 12}, found=15),
    "opro": Search({"steps": 10, "scored_on": 32}, found=8),
    "pe2": Search({"steps": 3, "tried_on": 16}, found=18),
}


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
        return f"<INS>{' '.join([text, *(f'State the {word}.' for word in words)])}</INS>"
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


@pytest.mark.parametrize("pipeline", SEARCHES)
async def test_it_finds_the_planted_prompt_and_beats_random_search_at_equal_calls(pipeline: str) -> None:
    informed = await results(pipeline, SEARCHES[pipeline], seeds=SEEDS)
    guessed = await results(pipeline, SEARCHES[pipeline], guess, seeds=SEEDS)
    assert sum(result.found for result in informed) >= SEARCHES[pipeline].found
    assert sum(result.calls for result in guessed) >= 0.99 * sum(result.calls for result in informed)
    wins = sum(mine.accuracy > other.accuracy for mine, other in zip(informed, guessed, strict=True))
    assert wins >= SEEDS - 2
    assert mean(informed) - mean(guessed) > 0.3


def blind(folder: Path, template: str, loop: str) -> str:
    """A copy of a shipped template that does not show what it loops over; gives its name."""
    text = resources.template_path(template).read_text(encoding="utf-8")
    cut, times = re.subn(rf"{{% for \w+ in {loop} %}}.*?{{% endfor %}}", "", text, flags=re.DOTALL)
    assert times == 1
    name = f"blind-{template.replace('/', '-')}"
    (folder / name).write_text(cut, encoding="utf-8")
    return name


def variant(folder: Path, base: str, patch: str, name: str = "variant") -> Path:
    """A pipeline file that changes a shipped one."""
    path = folder / f"{name}.yaml"
    path.write_text(f"promptwire: 1\nextends: {base}\nname: {name}\noverride: {patch}\n", encoding="utf-8")
    return path


async def fails(pipeline: Path, how: Search, **options: Any) -> None:
    """It never finds the planted prompt, nor comes near."""
    cut = await results(pipeline, how, seeds=5, **options)
    assert not any(result.found for result in cut)
    assert mean(cut) < 0.6


async def test_protegi_fails_when_its_critic_sees_no_errors(tmp_path: Path) -> None:
    critic, editor = (blind(tmp_path, f"protegi/{name}.j2", "failures") for name in ("gradient", "edit"))
    patch = f"{{family.gradients: {{template: {critic}}}, family.edits: {{template: {editor}}}}}"
    variant(tmp_path, "protegi-expand", patch, "expand")
    await fails(variant(tmp_path, "protegi", "{search.expand: {use: ./expand.yaml}}"), SEARCHES["protegi"])


async def test_ape_fails_when_it_sees_no_examples(tmp_path: Path) -> None:
    template = blind(tmp_path, "ape/forward.j2", "examples")
    await fails(variant(tmp_path, "ape", f"{{proposals: {{template: {template}}}}}"), SEARCHES["ape"])


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


async def test_opro_fails_when_the_scores_it_sees_are_shuffled(tmp_path: Path) -> None:
    path = variant(tmp_path, "opro", "{search.mixed: {use: mix-up, of: $log}, search.top: {of: $mixed}}")
    await fails(path, SEARCHES["opro"], types={**Registry(), "mix-up": mix_up})


async def test_pe2_fails_when_it_can_not_go_on_with_the_conversation_or_sees_no_failures(tmp_path: Path) -> None:
    await fails(variant(tmp_path, "pe2", "{search.edits: {converse: false}}"), SEARCHES["pe2"])
    template = blind(tmp_path, "pe2/examine.j2", "failures")
    await fails(variant(tmp_path, "pe2", f"{{search.exam: {{template: {template}}}}}"), SEARCHES["pe2"])


async def test_pe2_with_momentum_fails_without_its_history(tmp_path: Path) -> None:
    """Failures of one field each reveal four hints of six in four rounds; the rest is what siblings have found."""
    simple = tuple(example for example in load_task("planted").train.items if len(fields(example.output)) == 2)
    task = parcels().model_copy(update={"train": Examples(items=simple)})
    how = Search({"steps": 4, "batch": 1, "step_size": 40})
    kept = await results("pe2-momentum", how, seeds=5, task=task)
    assert sum(result.found for result in kept) >= 4
    cut = await results(variant(tmp_path, "pe2-momentum", "{search.edits: {history: null}}"), how, seeds=5, task=task)
    assert not any(result.found for result in cut)


@pytest.mark.parametrize("pipeline", [name for name in resources.pipelines() if name != "protegi-expand"])
async def test_every_shipped_pipeline_can_be_rehearsed(pipeline: str) -> None:
    """With its own templates and parsers: nothing that the planted model writes is unreadable."""
    sizes: dict[str, dict[str, Any]] = {
        "opro": {"steps": 2},
        "ape": {"n": 2, "first": 4},
        "protegi": {"rounds": 2, "pulls": 200},
        "ape-protegi-opro": {"rounds": 2},
    }
    small = sizes.get(pipeline, sizes.get(pipeline.partition("-")[0], {}))
    run = await search(pipeline, planted(), parcels(), params=small)
    assert run.prompt.text
    assert not [what for _, what in run.session.counts if what == "unreadable"]
