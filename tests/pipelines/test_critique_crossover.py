"""The hybrid of EvoPrompt and ProTeGi: what a generation asks, that each parent's faults stand with it, and that they matter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from promptwire.backend import Request
from promptwire.documents import resources
from promptwire.values import Prompt
from tests.pipelines.planted_task import Search, mean, results, variant
from tests.pipelines.search_runs import Waves, kind_of, model, numbers, search, well_formed

SMALL = Search({"steps": 4, "tried_on": 12, "scored_on": 24})


async def test_a_generation_criticises_its_parents_once_and_breeds_as_often_as_it_says() -> None:
    """P <= 2N parents on the minibatch and a critique of each; N crossovers; N x |dev|. At first, 7 variants of one prompt."""
    run = await search("critique-crossover", model(), numbers(60, dev=20), params={"steps": 3})
    assert run.counted("kin") == (1, 7)
    assert run.counted("first")[1] == 8 * 20
    parents = [len(run.gave("search.pairs", str(round))["prompts"]["items"]) for round in range(3)]
    assert all(2 <= count <= 8 for count in parents)
    assert run.counted("search.tried")[1] == sum(parents) * 32
    assert run.counted("search.faults") == (sum(parents),) * 2
    assert run.counted("search.bred") == (24, 24)
    assert run.counted("search.graded")[1] == 24 * 20


async def test_a_generation_has_depth_four() -> None:
    waves = Waves()
    run = await search("critique-crossover", waves.model(), numbers(40, dev=5), params={"steps": 1})
    parents = len(run.gave("search.pairs", "0")["prompts"]["items"])
    first, second, *rest = waves.waves
    assert (first, second) == ({"paraphrase": 1}, {"task": 8 * 5})
    assert rest == [{"task": parents * 32}, {"gradient": parents}, {"child": 8}, {"task": 8 * 5}]


async def test_each_parent_is_shown_with_its_own_faults() -> None:
    def reply(request: Request, key: str) -> str:
        if kind_of(request) != "gradient":
            return well_formed(request, key)
        prompt = request.messages[-1].content.partition('"""\n')[2].partition('\n"""')[0]
        return f"<START>{prompt} is dull<END> <START>{prompt} is long<END>"

    asked = model(reply)
    run = await search("critique-crossover", asked, numbers(40, dev=5), params={"steps": 2})
    shown = [request.messages[-1].content for request in asked.requests if kind_of(request) == "child"]
    pairs = [
        [Prompt(**one).text for one in family]
        for round in "01"
        for family in run.gave("search.pairs", round)["families"]["items"]
    ]
    assert len(shown) == len(pairs) == 16
    for text in shown:
        found = re.findall(r'## Parent \d\n"""\n(.*?)\n"""\nFault: (.*?) is dull\nFault: (.*?) is long', text)
        assert [parent for parent, *_ in found] in pairs
        assert len(found) == 2 and all(parent == dull == long for parent, dull, long in found)


async def test_parents_without_failures_are_crossed_over_all_the_same() -> None:
    def reply(request: Request, key: str) -> str:
        if kind_of(request) != "task":
            return well_formed(request, key)
        return "answer " + request.messages[-1].content.rpartition("number ")[2].partition("\n")[0]

    asked = model(reply)
    run = await search("critique-crossover", asked, numbers(40, dev=5), params={"steps": 1})
    assert run.counted("search.faults") == (0, 0)
    assert run.counted("search.bred") == (8, 8)
    assert not any("Fault:" in request.messages[-1].content for request in asked.requests)


@pytest.mark.heavy
async def test_it_finds_the_planted_prompt_by_what_its_critics_say(tmp_path: Path) -> None:
    """Without the faults in view nothing comes into the prompts that their parents did not have."""
    found = await results("critique-crossover", SMALL, seeds=6)
    assert sum(result.found for result in found) >= 5
    text = resources.template_path("evoprompt/guided.j2").read_text(encoding="utf-8")
    (tmp_path / "blind.j2").write_text(text.replace("Fault: {{ critique }}", "Fault: some."), encoding="utf-8")
    blind = await results(variant(tmp_path, "critique-crossover", "{search.bred: {template: blind.j2}}"), SMALL, seeds=4)
    assert not any(result.found for result in blind)
    assert mean(found) - mean(blind) > 0.5
