"""CAPO asks as often as its paper says, races without an off-by-one, and its shots are worked, kept and never raced over."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.documents import resources
from promptwire.templating.parsing import Parse
from promptwire.values import Example, Prompt
from tests.pipelines.planted_task import Search, mean, results, variant
from tests.pipelines.scored_prompts import graded, halves, means, right, seeded
from tests.pipelines.search_runs import Outcome, Waves, kind_of, model, numbers, search, well_formed

GIVEN = {"induced": 0}
TEN = seeded(numbers(334), *(f"Say it in way {number}." for number in range(10)))
"""Ten initial prompts; a tenth of 334 examples for shots leaves ten blocks of 30 and one example."""


def prompts(found: Any) -> list[Prompt]:
    return [Prompt(**one) for one in found["items"]]


async def rounds(until: int, **params: Any) -> list[Outcome]:
    """Runs of 0, 1, ... `until` generations; the same seed makes each a continuation of the one before."""
    return [await search("capo", model(), TEN, params={**GIVEN, "steps": steps, **params}) for steps in range(until + 1)]


@pytest.mark.heavy
async def test_a_generation_is_8_meta_calls_and_at_most_14_prompts_on_10_blocks_of_30() -> None:
    """4 crossovers and 4 mutations; among equals no prompt is dropped before the last block, and there is no 11th block."""
    none, one, two = await rounds(2, penalty=0.0)
    assert none.counted("search.fittest") == (0, 0)
    for before, after, raced in ((none, one, 14), (one, two, 4)):
        asked = {
            name: after.counted(f"search.{name}")[1] - before.counted(f"search.{name}")[1] for name in ("crossed", "mutated")
        }
        assert asked == {"crossed": 4, "mutated": 4}
        assert after.counted("search.fittest")[1] - before.counted("search.fittest")[1] == raced * 30 * 10
    assert [run.session.counts["search.fittest", "blocks"] for run in (one, two)] == [10, 20]


async def test_each_shot_of_an_initial_prompt_is_one_call() -> None:
    """From none to five for each prompt; so 10 prompts come to about 25 calls, and each added shot to one more."""
    run = await search("capo", model(), TEN, params={**GIVEN, "steps": 3, "blocks": 1})
    assert run.counted("first")[1] == sum(len(prompt.demos) for prompt in prompts(run.gave("first", "")["prompts"]))
    assert 10 <= run.counted("first")[1] <= 40
    added = 0
    for round in map(str, range(3)):
        held = {prompt.id: prompt for prompt in prompts(run.gave("search.mutated", round)["prompts"])}
        for child in prompts(run.gave("search.offspring", round)["prompts"]):
            grown = len(child.demos) - len((held.get(child.parents[0]) or held[child.id]).demos)
            assert -1 <= grown <= 1
            added += grown > 0
    assert run.counted("search.offspring")[1] == added


@pytest.mark.heavy
async def test_a_generation_has_two_levels_of_writing_and_then_its_blocks() -> None:
    waves = Waves()
    await search("capo", waves.model(), TEN, params={**GIVEN, "steps": 1, "shots": 0, "penalty": 0.0})
    assert waves.waves == [{"child": 4}, {"child": 4}, *[{"task": 14 * 30}] * 10]


async def test_one_initial_prompt_is_made_a_population_of_ten() -> None:
    for params, written, more in (({}, 9, 0), (GIVEN, 0, 9)):
        run = await search("capo", model(batches=True), numbers(60), params={**params, "steps": 0})
        assert (run.counted("written")[1], run.counted("given")[1]) == (written, more)
        assert len(run.gave("first", "")["prompts"]["items"]) == 10


async def test_a_child_starts_with_half_of_its_parents_shots() -> None:
    run = await search("capo", model(), TEN, params={**GIVEN, "steps": 1, "blocks": 1})
    families = [[Prompt(**one) for one in family] for family in run.gave("search.pairs", "0")["families"]["items"]]
    for family, child in zip(families, prompts(run.gave("search.crossed", "0")["prompts"]), strict=True):
        assert child.parents == tuple(parent.id for parent in family)
        pool = {demo.id for parent in family for demo in parent.demos}
        assert len(child.demos) == min(len(pool), sum(len(parent.demos) for parent in family) // 2)
        assert {demo.id for demo in child.demos} <= pool


def reasoning(request: Request, key: str) -> str:
    """A task model that thinks aloud, and is right on every second number."""
    if kind_of(request) != "task":
        return well_formed(request, key)
    number = int(request.messages[-1].content.rpartition("Input: number ")[2].partition("\n")[0])
    return f"I count up to {number}.\n<answer>answer {number if number % 2 else 'unknown'}</answer>"


async def test_shots_show_the_reasoning_that_was_right_and_are_never_raced_over() -> None:
    task = TEN.model_copy(update={"parse": Parse(tag="answer")})
    asked = model(reasoning)
    run = await search("capo", asked, task, params={**GIVEN, "steps": 2, "blocks": 2})
    shots = [demo for prompt in prompts(run.gave("first", "")["prompts"]) for demo in prompt.demos]
    worked = Counter("I count up to" in demo.output for demo in shots)
    assert worked[True] and worked[False]
    assert all(("I count" in demo.output) == bool(int(demo.text.removeprefix("number ")) % 2) for demo in shots)
    raced = {row["example"] for row in run.gave("search.fittest", "1")["scores"]["rows"]}
    assert not raced & {Example(**example).id for example in run.gave("pool", "")["examples"]["items"]}
    shown = [request.messages[-1].content for request in asked.requests if kind_of(request) == "task"]
    assert any("I count up to" in text and text.count("Input:") > 2 for text in shown)


@pytest.mark.parametrize("words", ["", "Name the number."])
async def test_the_task_is_described_to_the_writing_model_where_it_is_given(words: str) -> None:
    asked = model()
    await search("capo", asked, TEN, params={**GIVEN, "steps": 1, "blocks": 1, "task": words})
    shown = [request.messages[-1].content for request in asked.requests if kind_of(request) == "child"]
    assert [text.count("Name the number.") for text in shown] == [bool(words)] * 8
    assert ["The task that" in text for text in shown] == [bool(words)] * 8


async def test_the_final_choice_asks_nothing_of_prompts_that_raced() -> None:
    run = await search("capo", model(graded), TEN, params={**GIVEN, "steps": 2})
    assert run.counted("best") == (0, 0)
    values = means(run.gave("search.fittest", "1")["scores"])
    assert values[run.prompt.id] == max(values.values())


async def test_prompts_that_never_raced_are_scored_before_the_choice() -> None:
    """A meta model that writes nothing leaves no more prompts than places, so there is no race to know them by."""

    def reply(request: Request, key: str) -> str:
        return graded(request, key) if kind_of(request) == "task" else ""

    run = await search("capo", model(reply), TEN, params={**GIVEN, "steps": 2, "shots": 0})
    assert run.counted("search.fittest") == (0, 0)
    assert run.counted("best")[1] == 10 * 30
    block = [example["input"].removeprefix("number ") for example in run.gave("pool", "")["rest"]["items"][:30]]
    known = {prompt.text: sum(right(prompt.text, number) for number in block) for prompt in TEN.prompts.items}
    assert known[run.prompt.text] == max(known.values()) > known[TEN.prompts.items[0].text]


@pytest.mark.heavy
async def test_crossover_combines_hints_of_single_prompts(tmp_path: Path) -> None:
    """It finds what no parent had whole; with children that saw one parent alone it does not."""
    how = Search({**GIVEN, "steps": 10, "block": 15, "blocks": 3, "shots": 2})
    found = await results("capo", how, seeds=5, task=halves())
    assert sum(result.found for result in found) >= 4
    text = resources.template_path("capo/cross.j2").read_text(encoding="utf-8")
    (tmp_path / "lone.j2").write_text(text.replace("{{ family[1] }}", "Write it."), encoding="utf-8")
    cut = variant(tmp_path, "capo", "{search.crossed: {template: lone.j2}}")
    lone = await results(cut, how, seeds=3, task=halves())
    assert not any(result.found for result in lone)
    assert mean(found) - mean(lone) > 0.3
