"""EvoPrompt GA asks as often as its authors' code, breeds from the fit, and keeps the best of parents and children."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from promptwire.documents import resources
from promptwire.values import Prompt
from tests.pipelines.planted_task import mean, results, variant
from tests.pipelines.scored_prompts import GIVEN, HALVES, graded, halves, many, means, seeded
from tests.pipelines.search_runs import Waves, kind_of, model, numbers, search


async def test_ten_generations_of_ten_are_100_children_and_100_scores() -> None:
    """41 dev evaluations and 5 paraphrases to begin with, as on SST-2; then N operator calls and N x |dev| a generation."""
    run = await search("evoprompt-ga", model(), many(), params=GIVEN)
    assert run.counted("given")[1] + run.counted("judged")[1] == 41 * 20
    assert run.counted("kin") == (5, 5)
    assert run.counted("search.children") == (100, 100)
    assert run.counted("search.graded")[1] == 100 * 20
    assert run.calls == 41 * 20 + 5 + 100 + 100 * 20


async def test_a_generation_has_depth_two() -> None:
    waves = Waves()
    await search("evoprompt-ga", waves.model(), many(), params={**GIVEN, "steps": 2})
    assert waves.waves == [{"task": 720}, {"paraphrase": 5}, {"task": 100}, *[{"child": 10}, {"task": 200}] * 2]


@pytest.mark.parametrize(
    ("params", "written", "kin", "asked"),
    [({}, 10, 5, 5), (GIVEN, 0, 9, 1), ({**GIVEN, "population": 4, "founders": 2}, 0, 3, 1)],
)
async def test_one_initial_prompt_becomes_a_population(params: dict[str, Any], written: int, kin: int, asked: int) -> None:
    """Of induced prompts and paraphrases; without induction of paraphrases of the one."""
    run = await search("evoprompt-ga", model(batches=True), numbers(20, dev=8), params={**params, "steps": 1})
    assert run.counted("written")[1] == written
    assert run.counted("kin") == (asked, kin)
    population = params.get("population", 10)
    assert len(run.gave("search.pairs", "0")["families"]["items"]) == population
    assert len(run.gave("search.fittest", "0")["prompts"]["items"]) == population


async def test_the_best_of_parents_and_children_survive() -> None:
    run = await search("evoprompt-ga", model(graded), many(), params={**GIVEN, "steps": 4})
    for round in map(str, range(4)):
        chosen = run.gave("search.fittest", round)
        values = means(chosen["scores"])
        assert len(values) == 20
        assert sorted(means(chosen["kept"]).values()) == sorted(values.values())[-10:]
    assert means(chosen["kept"])[run.prompt.id] == max(means(chosen["kept"]).values())


async def test_parents_are_drawn_by_score_and_may_be_equal() -> None:
    run = await search("evoprompt-ga", model(graded), many(), params={**GIVEN, "steps": 5})
    drawn: Counter[bool] = Counter()
    for round in range(5):
        before = run.gave("search.fittest", str(round - 1)) if round else None
        known = means(before["kept"]) if before else None
        families = [
            [Prompt(**one).id for one in family] for family in run.gave("search.pairs", str(round))["families"]["items"]
        ]
        drawn.update(first == second for first, second in families)
        if known:
            shown = [known[one] for family in families for one in family]
            assert sum(shown) / len(shown) > sum(known.values()) / len(known) - 0.05
    assert drawn[True] > 0 < drawn[False]


async def test_an_equal_child_replaces_no_parent() -> None:
    run = await search("evoprompt-ga", model(), many(), params={**GIVEN, "steps": 3})
    first = [prompt["text"] for name in ("top", "kin") for prompt in run.gave(name, "")["prompts"]["items"]]
    assert [prompt["text"] for prompt in run.gave("search.fittest", "2")["prompts"]["items"]] == first


async def test_the_operator_sees_both_parents_and_an_example_of_another_task() -> None:
    asked, params = model(), {**GIVEN, "steps": 1, "population": 2, "founders": 2}
    await search("evoprompt-ga", asked, seeded(numbers(4, dev=4), "Say A.", "Say B."), params=params)
    shown = [request.messages[-1].content for request in asked.requests if kind_of(request) == "child"]
    assert all(text.count("First parent:") == text.count("Second parent:") == 2 for text in shown)
    assert all(re.search(r'parent:\n"""\nSay (A|B)\.\n"""\nSecond parent:\n"""\nSay (A|B)\.\n"""', text) for text in shown)
    assert all("French" in text.partition("Now do both")[0] for text in shown)


@pytest.mark.heavy
async def test_crossover_combines_hints_of_single_prompts(tmp_path: Path) -> None:
    """It finds what no parent had whole; a child that saw one parent alone does not."""
    bred = await results("evoprompt-ga", HALVES, seeds=5, task=halves())
    assert sum(result.found for result in bred) >= 4
    text = resources.template_path("evoprompt/ga.j2").read_text(encoding="utf-8")
    (tmp_path / "lone.j2").write_text(text.replace("{{ family[1] }}", "Write it."), encoding="utf-8")
    cut = variant(tmp_path, "evoprompt-ga", "{search.children: {template: lone.j2}}")
    lone = await results(cut, HALVES, seeds=3, task=halves())
    assert not any(result.found for result in lone)
    assert mean(bred) - mean(lone) > 0.3
