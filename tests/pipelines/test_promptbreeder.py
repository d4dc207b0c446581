"""PromptBreeder replaces losers by mutated copies of winners, draws eight operators evenly, and measures each unit anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.backends.planted import planted
from promptwire.language.check import load_graph
from promptwire.planning.plan import make_plan
from promptwire.tasks.task import load_task
from promptwire.values import Prompt
from promptwire.values.hashing import digest
from tests.pipelines.planted_task import accuracy, parcels, variant
from tests.pipelines.scored_prompts import right
from tests.pipelines.search_runs import Outcome, model, numbers, search

BODY = "search.children"
OPERATORS = {
    "a hundred hints": "zero-order",
    "is to be changed": "first-order",
    "unlike the others": "distribution",
    "is the best of all": "ranked distribution",
    "written one after another": "lineage",
    "A friend was given": "lamarckian",
    "tells a writer how to change such a prompt": "zero-order hyper",
    "Sum up what it asks for": "first-order hyper",
}


def operator_of(text: str) -> str:
    """The operator that a request belongs to; empty for one of the task model, and `first prompt` for initialization."""
    if "Thought to start from" in text and "<mutant>" in text:
        return "first prompt"
    return next((name for mark, name in OPERATORS.items() if mark in text), "")


def reply(request: Request, key: str) -> str:
    """A mutant of its own for every request; answers are right as often as the wording of the prompt says."""
    text = request.messages[-1].content
    if operator_of(text):
        tag = "mutation" if "<mutation>" in text else "mutant"
        return f"<{tag}>Version {digest(key, 10)}</{tag}>"
    prompt, _, rest = text.partition("\n\nInput: number ")
    number = rest.partition("\n")[0]
    return f"answer {number}" if right(prompt, number) else "wrong"


async def bred(pipeline: str | Path = "promptbreeder", **params: Any) -> Outcome:
    """A run without shots, so that all task calls are fitness evaluations."""
    small = {"population": 4, "generations": 1, "batch_size": 10, "shots": 0, **params}
    return await search(pipeline, model(reply), numbers(60), params=small)


def units(found: Any) -> list[Prompt]:
    return [Prompt.model_validate(one) for one in found["items"]]


def pairs(run: Outcome, generation: str) -> list[list[Prompt]]:
    """The pairs of a generation, winner first."""
    return [[Prompt.model_validate(one) for one in pair] for pair in run.gave("search.pairs", generation)["families"]["items"]]


def written(run: Outcome) -> dict[str, Prompt]:
    """Every prompt that a step gave, by id."""
    found = {}
    for row in run.values:
        for value in row["outputs"].values():
            if isinstance(value, Mapping) and "items" in value:
                prompts = [Prompt.model_validate(one) for one in value["items"] if isinstance(one, Mapping) and "text" in one]
                found |= {one.id: one for one in prompts}
    return found


def bred_from(child: Prompt, known: Mapping[str, Prompt], among: set[str]) -> str:
    """The id of the ancestor of `child` that was in the population."""
    at = child
    while at.id not in among:
        at = known[at.parents[0]]
    return at.id


def only_winners_breed(run: Outcome, generation: str) -> bool:
    """Whether the losers are gone, the winners are there, and each child's ancestor in its generation is a winner."""
    found, known = pairs(run, generation), written(run)
    winners = [winner.id for winner, _ in found]
    survivors = units(run.gave("search.survivors", generation)["members"])
    before = {one.id for pair in found for one in pair}
    kept = [one for one in survivors if one.id in before]
    children = [one for one in survivors if one.id not in before]
    ancestors = [bred_from(child, known, before) for child in children]
    return {one.id for one in kept} == {*winners} and sorted(ancestors) == sorted(winners)


async def test_of_four_units_two_winners_stay_and_their_children_replace_the_losers() -> None:
    run = await bred()
    for winner, loser in pairs(run, "0"):
        scores = run.gave("search.fitness", "0")["scores"]["rows"]
        values = {one.id: sum(row["value"] for row in scores if row["prompt"] == one.id) for one in (winner, loser)}
        assert values[winner.id] >= values[loser.id]
    survivors = units(run.gave("search.survivors", "0")["members"])
    assert len(survivors) == 4
    assert only_winners_breed(run, "0")


async def test_a_copy_of_the_loser_would_inherit_nothing(tmp_path: Path) -> None:
    """What a published port does: the loser itself is mutated. The claim above then fails."""
    losers = "{search.losers: {use: minus, of: $pairs.prompts, without: $pairs.first}, search.copies: {prompts: $losers}}"
    run = await bred(variant(tmp_path, "promptbreeder", losers))
    assert not only_winners_breed(run, "0")


@pytest.mark.parametrize("generations", [1, 3])
async def test_calls_are_those_of_the_formula(generations: int) -> None:
    """P to begin with; in a generation 1 or 2 for each pair, and P x batch task calls, also for units that did not change."""
    run = await bred(population=6, generations=generations)
    hyper = run.counted(f"{BODY}.evolved")[1]
    assert run.counted("written")[1] == 6
    assert run.counted(f"{BODY}.mutated")[1] == generations * 3
    assert run.counted("search.fitness")[1] == generations * 6 * 10
    assert run.calls == 6 + generations * (3 + 6 * 10) + hyper
    batches = [str(run.gave("search.batch", str(place))) for place in range(generations)]
    assert len(set(batches)) == generations


def test_plan_bounds_a_generation_of_the_paper() -> None:
    """25 pairs of at most two calls, and 50 x 100 task calls in each of 20 generations."""
    plan = make_plan(load_graph("promptbreeder", params={"shots": 0}), numbers(300))
    most = {step.path: step.most for step in plan.steps}
    assert (most["written"], most[f"{BODY}.evolved"], most[f"{BODY}.mutated"]) == (50, 20 * 25, 20 * 25)
    assert most["search.fitness"] == 20 * 50 * 100


@pytest.mark.heavy
async def test_eight_operators_are_drawn_evenly() -> None:
    run = await bred(population=20, generations=40, batch_size=1)
    drawn = Counter(
        unit.companions["operator"] for place in range(40) for unit in units(run.gave("search.copies", str(place))["prompts"])
    )
    assert sum(drawn.values()) == 400
    assert set(drawn) == set(OPERATORS.values())
    assert all(22 <= count <= 78 for count in drawn.values())
    assert 1.1 * 400 < run.counted(f"{BODY}.evolved")[1] + run.counted(f"{BODY}.mutated")[1] < 1.4 * 400


async def test_a_hypermutation_changes_the_mutation_prompt_and_the_same_chain_uses_it() -> None:
    asked = model(reply)
    run = await search(
        "promptbreeder",
        asked,
        numbers(60),
        params={"population": 20, "generations": 2, "batch_size": 2, "shots": 0, "chance": 0},
    )
    evolved = [unit for row in run.values if row["path"] == f"{BODY}.evolved" for unit in units(row["outputs"]["prompts"])]
    used = [request.messages[-1].content for request in asked.requests]
    assert evolved
    for unit in evolved:
        old = written(run)[unit.parents[0]]
        assert unit.companions["mutation"] != old.companions["mutation"]
        assert unit.text == old.text
        assert any(f"Way to change it: {unit.companions['mutation']}\n" in text and unit.text in text for text in used)


async def test_the_mutation_prompt_stays_with_the_line_unless_an_operator_changes_it() -> None:
    run = await bred(population=12, chance=1)
    before = {unit.companions["unit"]: unit.companions["mutation"] for pair in pairs(run, "0") for unit in pair}
    survivors = units(run.gave("search.survivors", "0")["members"])
    children = [unit for unit in survivors if unit.companions["unit"] not in before]
    kept = [unit for unit in children if before[unit.companions["unit"].partition(".")[2]] == unit.companions["mutation"]]
    changed = [unit for unit in children if unit.companions["mutation"].startswith("Version")]
    assert len(children) == 6 and len(kept) + len(changed) == 6
    assert len(changed) == run.counted(f"{BODY}.evolved")[1]
    assert not any("operator" in unit.companions for unit in survivors)


async def test_a_crossover_takes_the_text_of_another_unit_and_leaves_the_mutation_prompt() -> None:
    run = await bred(population=12, chance=1)
    texts = {unit.text for pair in pairs(run, "0") for unit in pair}
    children = [unit for row in run.values if row["path"] == f"{BODY}.child" for unit in units(row["outputs"]["prompts"])]
    assert len(children) == 6
    assert all(child.text in texts and child.companions["mutation"] for child in children)
    none = await bred(population=12, chance=0)
    children = [unit for row in none.values if row["path"] == f"{BODY}.child" for unit in units(row["outputs"]["prompts"])]
    assert not any(child.text in texts for child in children)


async def test_the_result_is_the_fittest_unit_of_the_whole_run() -> None:
    run = await bred(population=8, generations=6, batch_size=20)
    best: dict[str, float] = {}
    for place in range(6):
        rows = run.gave("search.fitness", str(place))["scores"]["rows"]
        for prompt in {row["prompt"] for row in rows}:
            values = [row["value"] for row in rows if row["prompt"] == prompt]
            best[prompt] = max(best.get(prompt, 0), sum(values) / len(values))
    assert best[run.prompt.id] == max(best.values())


async def test_the_line_of_the_best_is_remembered_by_its_children() -> None:
    run = await bred(population=4, generations=5)
    copies = [unit for place in range(5) for unit in units(run.gave("search.copies", str(place))["prompts"])]
    elites = {unit.text for place in range(5) for unit in units(run.gave("search.top", str(place))["prompts"])}
    lines = [line for unit in copies for line in unit.companions.get("lineage", "").splitlines()]
    assert lines and set(lines) <= elites


@pytest.mark.heavy
async def test_it_finds_a_better_prompt_on_the_planted_task() -> None:
    params = {"population": 16, "generations": 8, "batch_size": 24}
    runs = [await search("promptbreeder", planted(), parcels(), seed=seed, params=params) for seed in range(3)]
    start = accuracy(load_task("planted").prompts.items[0])
    assert sum(accuracy(run.prompt) > start for run in runs) >= 2


async def test_the_same_seed_breeds_the_same_and_another_seed_another() -> None:
    params = {"population": 6, "generations": 2, "batch_size": 5}
    one, again, other = [
        await search("promptbreeder", model(reply), numbers(60), seed=seed, params=params) for seed in (0, 0, 1)
    ]
    assert one.prompt == again.prompt
    assert one.gave("search.copies", "1") == again.gave("search.copies", "1") != other.gave("search.copies", "1")
