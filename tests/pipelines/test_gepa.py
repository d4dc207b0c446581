"""GEPA: the number of its calls, the input of its reflection, choice of parents, acceptance of children."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.backend import Request
from promptwire.backends.planted import reply as planted
from promptwire.backends.planted_meta import HINT
from promptwire.documents import resources
from tests.pipelines.planted_task import PLANTED, accuracy, guess, parcels, variant
from tests.pipelines.search_runs import Outcome, Waves, kind_of, model, numbers, search, well_formed

VAL, BATCH = 20, 3


def asked(text: str) -> tuple[str, int]:
    """The prompt and the number in a request to the task model."""
    return text.partition("\n")[0], int(text.rpartition("number ")[2].split()[0])


def lucky(request: Request, key: str) -> str:
    """Any prompt gets a share of the numbers right that is its own; the children's shares grow."""
    if kind_of(request) != "task":
        return well_formed(request, key)
    prompt, number = asked(request.messages[-1].content)
    share = 3 if prompt == "Say it." else 3 + int(prompt[-1], 16) // 2
    return f"answer {number}" if (number * 7 + len(prompt)) % 10 < share else "wrong"


def iterations(run: Outcome) -> tuple[int, int, int]:
    """Rounds, those without a reflection, and children accepted."""
    rounds = [row["outputs"] for row in run.values if row["path"] == "search.gate"]
    seen = [row["outputs"]["failures"]["groups"] for row in run.values if row["path"] == "search.cases"]
    return len(rounds), sum(not groups for groups in seen), sum(len(row["accepted"]["items"]) for row in rounds)


@pytest.mark.parametrize("seed", range(3))
async def test_the_calls_are_v_and_r_an_iteration_and_r_a_reflection_and_v_an_acceptance(seed: int) -> None:
    """|V| + R I + R (I - skipped) + |V| accepted task calls; I - skipped reflections of one call each."""
    run = await search("gepa", model(lucky), numbers(40, dev=VAL), seed=seed, params={"rounds": 30})
    rounds, skipped, accepted = iterations(run)
    assert rounds == 30 and accepted > 0
    assert run.counted("search.reflect.child") == (rounds - skipped,) * 2
    steps = ("first", "search.before", "search.after", "search.grown")
    assert [run.counted(step)[1] for step in steps] == [
        VAL, BATCH * rounds, BATCH * (rounds - skipped), VAL * accepted
    ]  # fmt: skip
    assert run.calls == VAL + BATCH * rounds + (BATCH + 1) * (rounds - skipped) + VAL * accepted


async def test_a_minibatch_that_is_all_right_asks_for_no_reflection() -> None:
    def right(request: Request, key: str) -> str:
        assert kind_of(request) == "task"
        return f"answer {asked(request.messages[-1].content)[1]}"

    run = await search("gepa", model(right), numbers(9, dev=4), params={"rounds": 5})
    assert run.calls == 4 + 5 * 3
    assert iterations(run) == (5, 5, 0)
    assert run.prompt.text == "Say it."


async def test_an_iteration_has_depth_four() -> None:
    waves = Waves()
    await search("gepa", waves.model(), numbers(9, dev=4), params={"rounds": 2})
    assert waves.waves == [{"task": 4}, *[{"task": 3}, {"reflection": 1}, {"task": 3}] * 2]


async def test_the_reflection_sees_the_right_cases_beside_the_wrong_ones_with_feedback() -> None:
    def reply(request: Request, key: str) -> str:
        if kind_of(request) != "task":
            return well_formed(request, key)
        number = asked(request.messages[-1].content)[1]
        return f"answer {number}" if number else "no idea"

    used = model(reply)
    await search("gepa", used, numbers(3, dev=2), params={"rounds": 1})
    (text,) = [request.messages[-1].content for request in used.requests if kind_of(request) == "reflection"]
    assert "```\nSay it.\n```" in text
    assert text.count("# Case ") == 3
    assert "Score: 0.0\nExpected: answer 0\nGiven: no idea" in text
    assert text.count("Score: 1.0") == 2


@pytest.mark.parametrize(("pipeline", "mark"), [("gepa", "three backticks"), ("textgrad", "## Feedback on the response")])
@pytest.mark.parametrize("words", ["The unit is {{ missing }}.", ""])
async def test_what_a_judge_says_of_an_answer_is_shown_to_the_critic(pipeline: str, mark: str, words: str) -> None:
    def reply(request: Request, key: str) -> str:
        judged = "The answer to grade" in request.messages[-1].content
        return f"{words} <grade>0</grade>" if judged else well_formed(request, key)

    used = model(reply)
    task = numbers(3, dev=2).model_copy(update={"metric": "judge", "rubric": str(resources.template_path("task/judge.j2"))})
    await search(pipeline, used, task, params={"rounds": 1} if pipeline == "gepa" else {"updates": 1})
    shown = [request.messages[-1].content for request in used.requests if mark in request.messages[-1].content]
    assert sum(text.count("The unit is {{ missing }}.") for text in shown) == (3 if words else 0)
    assert not any("<grade>" in text for text in shown)


async def test_a_child_with_an_equal_minibatch_score_is_not_accepted() -> None:
    run = await search("gepa", model(), numbers(9, dev=4), params={"rounds": 3})
    assert iterations(run) == (3, 0, 0)
    assert run.counted("search.grown")[1] == 0
    assert run.prompt.text == "Say it."


async def test_parents_are_prompts_that_are_best_on_some_example_and_not_only_the_best_on_average() -> None:
    """Two initial prompts: one right on most of dev, the other alone on the rest; both become parents."""

    def reply(request: Request, key: str) -> str:
        if kind_of(request) != "task":
            return well_formed(request, key)
        prompt, number = asked(request.messages[-1].content)
        return f"answer {number}" if (number % 4 == 0) == (prompt == "few") and prompt != "none" else "wrong"

    task = numbers(12, dev=12)
    start = type(task.prompts).of(type(task.prompts.items[0])(text=text) for text in ("most", "few", "none"))
    run = await search("gepa", model(reply), task.model_copy(update={"prompts": start}), params={"rounds": 24})
    parents = [run.gave("search.parent", str(round))["prompts"]["items"][0]["text"] for round in range(24)]
    assert set(parents) == {"most", "few"}
    assert parents.count("most") > parents.count("few")
    assert run.prompt.text == "most"


async def test_a_reflection_without_a_fence_is_an_instruction_all_the_same() -> None:
    def reply(request: Request, key: str) -> str:
        return "Just do it." if kind_of(request) == "reflection" else "wrong"

    run = await search("gepa", model(reply), numbers(9, dev=2), params={"rounds": 1})
    assert run.gave("search.reflect.child", "0")["prompts"]["items"][0]["text"] == "Just do it."
    assert run.session.counts["search.reflect.child", "taken whole"] == 1


async def test_it_finds_the_planted_prompt_by_its_feedback_and_not_without(tmp_path: Path) -> None:
    """And not when the reflection names any field, nor when the expected answers are hidden from it."""
    seen = resources.template_path("gepa/reflect.j2").read_text(encoding="utf-8")
    (tmp_path / "blind.j2").write_text(seen.replace("{{ case.example.output }}", "(hidden)"), encoding="utf-8")
    cut = variant(tmp_path, "gepa", "{search.reflect.child: {template: blind.j2}}")
    for pipeline, reply, finds in (("gepa", planted, True), ("gepa", guess, False), (cut, planted, False)):
        for seed in range(3):
            run = await search(pipeline, model(reply), parcels(), seed=seed, params={"rounds": 16})
            assert (set(HINT.findall(run.prompt.text.lower())) == PLANTED) is finds
            assert (accuracy(run.prompt) > 0.9) is finds
