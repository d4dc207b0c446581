"""MIPROv2 asks as often as DSPy's code, scores pairs fairly, and its surrogate learns from the scores.

The world of most tests: numbers, of which the task model gets half right, and all of them with one pair of text and shots.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.documents import resources
from promptwire.errors import PipelineError
from promptwire.language.check import load_graph
from promptwire.nodes import combine
from promptwire.stats.tpe import INSTALL
from promptwire.values import Prompt
from tests.pipelines.planted_task import Search, mean, results, variant
from tests.pipelines.search_runs import Outcome, Reply, kind_of, model, numbers, search, well_formed

SMALL = {"scored_on": 20, "minibatch": 8}


def asked_with(request: Request) -> tuple[str, int]:
    """The instruction of a task request, and how many shots it shows."""
    text = request.messages[-1].content
    return text.partition("\n\nInput: ")[0], text.count("Output:") - 1


def world(good: Callable[[str, int], bool] = lambda text, shots: False, *, right: int = 2) -> Reply:
    """One number in `right` is answered, and all of them where the pair is `good`."""

    def reply(request: Request, key: str) -> str:
        if kind_of(request) != "task":
            return well_formed(request, key)
        number = int(request.messages[-1].content.rpartition("Input: number ")[2].split("\n")[0])
        return f"answer {number}" if number % right == 0 or good(*asked_with(request)) else "wrong"

    return reply


def given(run: Outcome, path: str, port: str = "prompts") -> list[list[Prompt]]:
    """The prompts that a step gave, round by round."""
    return [[Prompt(**one) for one in row["outputs"][port]["items"]] for row in run.values if row["path"] == path]


def pairs(run: Outcome) -> list[Prompt]:
    """The pair of each trial."""
    return [pair for (pair,) in given(run, "search.tries.pair")]


def bootstrapped(run: Outcome) -> int:
    """Shots with a reply of the task model: one call each where every reply passes."""
    return sum(bool(demo.made_by) for prompt in given(run, "shots")[0] for demo in prompt.demos)


@pytest.mark.parametrize(
    ("pipeline", "sets", "instructions", "dev", "trials", "full", "calls"),
    [
        ("miprov2", 6, 3, 100, 10, 2, 650),
        pytest.param("miprov2-medium", 12, 6, 300, 18, 4, 2130, marks=pytest.mark.heavy),
        pytest.param("miprov2-heavy", 18, 9, 1000, 27, 6, 7945, marks=pytest.mark.heavy),
    ],
)
async def test_it_asks_as_often_as_dspy(
    pipeline: str, sets: int, instructions: int, dev: int, trials: int, full: int, calls: int
) -> None:
    """Meta: one look for every ten examples, one summary, three calls a proposal. Task: V + 35 T + F V and the bootstraps."""
    run = await search(pipeline, model(world(right=1)), numbers(45, dev=dev))
    asked = [
        run.counted(path)[1]
        for path in (
            "propose.looks.seen",
            "propose.summary",
            "propose.each_set.program",
            "propose.each_set.role",
            "propose.each_set.proposal",
        )
    ]
    assert asked == [5, 1, instructions, instructions, instructions]
    assert run.counted("first")[1] == dev
    assert run.counted("search.tries.part")[1] == 35 * trials
    assert run.counted("search.whole")[1] == full * dev
    assert run.counted("shots")[1] == bootstrapped(run)
    assert run.calls == calls + bootstrapped(run) + 6 + 3 * instructions
    assert (len(given(run, "shots")[0]), len(given(run, "texts")[0])) == (sets, instructions)


async def test_ten_looks_are_the_most_and_a_note_that_says_complete_is_none() -> None:
    def reply(request: Request, key: str) -> str:
        if kind_of(request) == "observation" and "was noted" in request.messages[-1].content:
            return "<observation>COMPLETE</observation>"
        return world()(request, key)

    run = await search("miprov2", model(reply), numbers(130, dev=20), params={**SMALL, "trials": [1]})
    assert run.counted("propose.looks.seen") == (10, 10)
    assert len(given(run, "propose.looks.news")[-1]) == 0
    assert run.session.counts["propose.looks.news", "with forbidden text"] == 9


async def test_full_evaluations_never_repeat_a_pair_and_end_quietly_when_all_have_one() -> None:
    """DSPy's code raises ValueError when each tried pair was evaluated in full, and may pay for the initial one twice."""
    params = {**SMALL, "sets": 2, "instructions": 2, "trials": [4] * 7}
    run = await search("miprov2", model(world()), numbers(30, dev=20), params=params)
    full = [prompt.id for some in given(run, "search.promising") for prompt in some]
    assert len(full) == len(set(full)) == 3, "four pairs, of which the initial one has its evaluation already"
    assert run.prompt.id not in full
    assert run.counted("search.whole")[1] == 3 * 20


async def test_the_pair_with_the_best_mean_gets_the_full_evaluation() -> None:
    run = await search("miprov2", model(world(lambda text, shots: shots >= 2)), numbers(30, dev=20), params=SMALL)
    tables = [row["outputs"]["members"] for row in run.values if row["path"] == "search.open"]
    for table, (chosen,) in zip(tables, given(run, "search.promising"), strict=True):
        values: dict[str, list[float]] = {}
        for row in table["rows"]:
            values.setdefault(row["prompt"], []).append(row["value"])
        means = {prompt: sum(some) / len(some) for prompt, some in values.items()}
        assert means[chosen.id] == max(means.values())


async def test_the_initial_prompt_is_returned_when_nothing_is_strictly_better() -> None:
    run = await search("miprov2", model(world()), numbers(30, dev=20), params=SMALL)
    assert (run.prompt.text, run.prompt.demos) == ("Say it.", ())
    better = await search("miprov2", model(world(lambda text, shots: shots >= 2)), numbers(30, dev=20), params=SMALL)
    assert len(better.prompt.demos) >= 2


async def test_two_trials_of_a_pair_have_different_minibatches_and_are_averaged() -> None:
    params = {**SMALL, "sets": 1, "instructions": 1, "trials": [4]}
    run = await search("miprov2", model(world()), numbers(30, dev=20), params=params)
    batches = [row["outputs"]["examples"]["items"] for row in run.values if row["path"] == "search.tries.drawn"]
    assert len({pair.id for pair in pairs(run)}) == 1
    shown = [frozenset(example["input"] for example in batch) for batch in batches]
    assert len(set(shown)) == 4 and {len(batch) for batch in shown} == {8}
    history = run.outputs["history"]
    assert [entry.n for entry in history.entries] == [20, 8, 8, 8, 8], "each trial is one that the surrogate sees"
    sums = [sum(int(name.removeprefix("number ")) % 2 == 0 for name in batch) / 8 for batch in shown]
    assert [entry.score for entry in history.entries][1:] == sums


async def test_the_first_eight_suggestions_of_light_do_not_depend_on_scores_and_the_last_two_do() -> None:
    changed = []
    for seed in range(4):
        worlds = [world(), world(lambda text, shots: text != "Say it." and shots >= 4)]
        one, two = [await search("miprov2", model(reply), numbers(60, dev=20), params=SMALL, seed=seed) for reply in worlds]
        first, second = [[pair.id for pair in pairs(run)] for run in (one, two)]
        assert first[:8] == second[:8]
        changed.append(first[8:] != second[8:])
        assert one.session.counts["search.tries.pair", "suggested"] == 2
    assert any(changed)


def counted(good: Callable[[str, int], bool]) -> Reply:
    """A meta model that proposes `Text 0`, `Text 1`, ... in this order; a task model that knows the good pairs."""
    made: list[str] = []

    def reply(request: Request, key: str) -> str:
        if kind_of(request) == "proposal":
            made.append(f"<proposal>Text {len(made)}</proposal>")
            return made[-1]
        return world(good)(request, key)

    return reply


async def late_trials(how: dict[str, Any]) -> float:
    """Share of the trials after the tenth that try the one good text, over four seeds."""
    hits = []
    for seed in range(4):
        reply = counted(lambda text, shots: text == "Text 2")
        params = {"scored_on": 10, "minibatch": 6, "sets": 4, "trials": [5] * 6}
        run = await search("miprov2", model(reply), numbers(20, dev=10), params=params, sets=how, seed=seed)
        assert [prompt.text for prompt in given(run, "texts")[0]] == ["Say it.", "Text 1", "Text 2"]
        hits += [pair.text == "Text 2" for pair in pairs(run)[10:]]
    return sum(hits) / len(hits)


async def test_the_surrogate_tries_what_was_good_and_draws_without_it_do_not() -> None:
    """A third of the draws are of the good text."""
    assert await late_trials({}) > 0.5
    assert await late_trials({"search.tries.pair.policy": "draw"}) < 0.45


async def test_proposals_see_shots_with_right_replies_the_first_one_none_and_the_next_two_the_same() -> None:
    asked = model(world(right=1))
    run = await search("miprov2", asked, numbers(40, dev=20), params={**SMALL, "trials": [1]})
    shown = [request.messages[-1].content for request in asked.requests if kind_of(request) == "proposal"]
    parts = [text.partition("The model did well here:")[2].partition("The new instruction")[0] for text in shown]
    assert [part.count("Output:") for part in parts] == [0, 3, 3]
    made = [demo for demo in given(run, "shots")[0][2].demos if demo.made_by][:3]
    assert all(f"Input: {demo}\nOutput: {demo.output}" in part for demo in made for part in parts[1:])


async def test_tips_are_drawn_and_an_empty_one_is_not_shown() -> None:
    asked = model(world())
    params = {**SMALL, "trials": [1], "instructions": 24, "sets": 3}
    await search("miprov2", asked, numbers(20, dev=20), params=params)
    shown = [request.messages[-1].content for request in asked.requests if kind_of(request) == "proposal"]
    tips = [line for text in shown for line in text.splitlines() if line.startswith("A tip:")]
    assert len(shown) == 24 > len(tips) and len(set(tips)) == 5 and "A tip: " not in tips


async def test_it_finds_the_planted_prompt_and_not_without_its_summary_of_the_data(tmp_path: Path) -> None:
    how = Search({**SMALL, "trials": [5, 5]})
    found = await results("miprov2", how, seeds=3)
    assert all(result.found for result in found)
    text = resources.template_path("miprov2/propose.j2").read_text(encoding="utf-8")
    start, end = text.index("{% if summary %}"), text.index("{% if program %}")
    (tmp_path / "blind.j2").write_text(text[:start] + text[end:], encoding="utf-8")
    patch = "{propose.each_set.proposal: {template: blind.j2, with: {summary: null}}}"
    cut = await results(variant(tmp_path, "miprov2", patch), how, seeds=3)
    assert not any(result.found for result in cut)
    assert mean(found) - mean(cut) > 0.3


def test_without_optuna_the_check_says_once_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combine, "installed", lambda: False)
    with pytest.raises(PipelineError) as raised:
        load_graph("miprov2")
    (problem,) = raised.value.problems
    assert problem.message == "combine: policy 'tpe' needs Optuna, which is not installed"
    assert (problem.code, problem.hint) == ("missing-extra", INSTALL)
