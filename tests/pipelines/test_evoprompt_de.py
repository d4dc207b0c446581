"""EvoPrompt DE asks as often as its authors' code, with children that don't wait for each other, and replaces only for better."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.documents import resources
from promptwire.values import Prompt
from tests.pipelines.planted_task import mean, results, variant
from tests.pipelines.scored_prompts import GIVEN, HALVES, graded, halves, many, means
from tests.pipelines.search_runs import Outcome, Waves, kind_of, model, search, well_formed


async def test_ten_generations_of_ten_are_100_children_and_100_scores() -> None:
    """41 dev evaluations and 5 paraphrases to begin with; then N operator calls and N x |dev| a generation."""
    run = await search("evoprompt-de", model(), many(), params=GIVEN)
    assert run.counted("given")[1] + run.counted("judged")[1] == 41 * 20
    assert run.counted("kin") == (5, 5)
    assert run.counted("search.children") == (100, 100)
    assert run.counted("search.graded")[1] == 100 * 20
    assert run.calls == 41 * 20 + 5 + 100 + 100 * 20


async def test_a_generation_has_depth_two_for_its_best_is_frozen() -> None:
    waves = Waves()
    await search("evoprompt-de", waves.model(), many(), params={**GIVEN, "steps": 2})
    assert waves.waves == [{"task": 720}, {"paraphrase": 5}, {"task": 100}, *[{"child": 10}, {"task": 200}] * 2]


def alive(run: Outcome, round: int) -> list[dict[str, Any]]:
    """The population after so many rounds."""
    if round == 0:
        return list(run.gave("first", "")["prompts"]["items"])
    return list(run.gave("search.better", str(round - 1))["prompts"]["items"])


async def test_each_prompt_meets_two_others_and_is_replaced_only_by_its_own_better_child() -> None:
    run = await search("evoprompt-de", model(graded), many(), params={**GIVEN, "steps": 4})
    accepted = 0
    for round in range(4):
        before, after = alive(run, round), alive(run, round + 1)
        families = run.gave("search.families", str(round))["families"]["items"]
        assert [family[0] for family in families] == before
        assert all(len({prompt["text"] for prompt in family}) == 3 for family in families)
        scored = {
            **means(run.gave("search.better", str(round))["scores"]),
            **means(run.gave("search.graded", str(round))["scores"]),
        }
        for old, new in zip(before, after, strict=True):
            if old != new:
                accepted += 1
                assert Prompt(**new).parents[0] == Prompt(**old).id
        values = [sum(means(run.gave("search.better", str(r))["scores"]).values()) for r in range(round + 1)]
        assert all(earlier <= later for earlier, later in pairwise(values))
        assert max(scored.values()) == max(means(run.gave("search.better", str(round))["scores"]).values())
    assert accepted > 3


async def test_a_child_that_is_only_as_good_keeps_its_parent() -> None:
    run = await search("evoprompt-de", model(), many(), params={**GIVEN, "steps": 3})
    assert alive(run, 3) == alive(run, 0)


async def test_all_children_of_a_generation_see_the_best_before_it() -> None:
    asked = model(graded)
    run = await search("evoprompt-de", asked, many(), params={**GIVEN, "steps": 3})
    shown = [request.messages[-1].content for request in asked.requests if kind_of(request) == "child"]
    best = [re.findall(r'Best prompt:\n"""\n(.*?)\n"""', text) for text in shown]
    leaders = [run.gave("search.leader", str(round))["prompts"]["items"][0]["text"] for round in range(3)]
    assert best == [[leader] for leader in leaders for _ in range(10)]
    assert all(len(re.findall(r'Donor [12]:\n"""\n', text)) == 2 for text in shown)
    assert all("French" in text.partition("Now do all")[0] for text in shown)


async def test_copies_of_living_prompts_are_not_scored_again() -> None:
    def reply(request: Request, key: str) -> str:
        return "<prompt>Say it in way 0.</prompt>" if kind_of(request) == "child" else well_formed(request, key)

    run = await search("evoprompt-de", model(reply), many(10), params={**GIVEN, "steps": 2})
    assert run.counted("search.graded") == (0, 0)
    assert run.session.counts["search.children", "duplicates"] == 18
    assert len(alive(run, 2)) == 10


@pytest.mark.heavy
async def test_it_brings_together_what_single_prompts_have_by_its_donors_and_its_best(tmp_path: Path) -> None:
    found = await results("evoprompt-de", HALVES, seeds=5, task=halves())
    assert sum(result.found for result in found) >= 4
    text = resources.template_path("evoprompt/de.j2").read_text(encoding="utf-8")
    (tmp_path / "lone.j2").write_text(
        text.replace("{{ donor }}", "Write it.").replace("{{ best }}", "Write it."), encoding="utf-8"
    )
    lone = await results(
        variant(tmp_path, "evoprompt-de", "{search.children: {template: lone.j2}}"), HALVES, seeds=3, task=halves()
    )
    assert not any(result.found for result in lone)
    assert mean(found) - mean(lone) > 0.3
