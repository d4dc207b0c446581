"""ERM: what a step asks, what its two memories keep, how priorities fall, and that both reach later requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.backends.planted import reply as planted
from promptwire.backends.planted_meta import HINT
from promptwire.values import Examples
from tests.pipelines.planted_task import PLANTED, guess, parcels, variant
from tests.pipelines.search_runs import Outcome, model, numbers, search

TASK = numbers(40, dev=10)
SIZES = {"batch": 20}


def text_of(request: Request) -> str:
    return request.messages[-1].content


def level(text: str) -> int:
    """How many of ten numbers the task model gets right with a prompt."""
    found = re.search(r"level (\d)", text)
    return int(found[1]) if found else 0


class World:
    """A task model that follows the level of the prompt, and an optimizer whose one useful remark raises it by one."""

    def __init__(self, *, levels: int = 1, group: int = 0) -> None:
        """The first `levels` levels have a useful remark; a prompt along a group of remarks is `group` levels higher."""
        self.levels = levels
        self.group = group

    def __call__(self, request: Request, key: str) -> str:
        text = text_of(request)
        if "<example>" in text:
            return self.solutions(text)
        if "remarks of a reviewer" in text:
            return f"<START>level {level(text) + self.group} along the group<END>"
        if "A reviewer of these cases" in text:
            remark = text.rpartition('wrote:\n\n"""\n')[2].partition('\n"""')[0]
            return f"<START>level {level(text) + ('raise' in remark)} by {remark}<END>"
        if "<START>" in text:
            now = level(text)
            useful = [f"raise it now{now} by{now} this{now}"] if now < self.levels else []
            return " ".join(
                f"<START>{remark}<END>" for remark in [*useful, *(f"noise{now}{n} is{now}{n}" for n in range(7))][:7]
            )
        number = int(text.rpartition("number ")[2].split()[0])
        return f"answer {number}" if number % 10 < level(text) else "wrong"

    def solutions(self, text: str) -> str:
        """A right solution of the first case, a wrong one of the second, and a right one of a question that is none."""
        inputs = re.findall(r"Input: (number \d+)\nExpected: (answer \d+)", text)
        made = [(inputs[0][0], inputs[0][1]), (inputs[1][0], "answer 99"), ("number 77", "answer 77")]
        return "".join(f"<example><input>{one}</input><output>First this.\n{answer}</output></example>" for one, answer in made)


async def run(world: World, **params: Any) -> Outcome:
    return await search("erm", model(world), TASK, params={**SIZES, "solutions": 3, **params})


def members(found: Outcome, step: str, round: int) -> list[Mapping[str, Any]]:
    """The first output of a step in a round, counted from 1."""
    items = next(iter(found.gave(f"search.{step}", str(round - 1)).values()))["items"]
    return list(items)


async def test_a_step_asks_for_solutions_feedback_and_a_prompt_along_each_and_along_a_group() -> None:
    """2 + 7 requests and 7 |val| in a step, and one more prompt once there is a memory; old prompts cost nothing."""
    one, two = await run(World(), rounds=1, shots=0), await run(World(), rounds=2, shots=0)
    assert one.counted("first")[1] == 10
    for step, first, second in [
        ("solved", 1, 2), ("feedback", 1, 2), ("tries.child", 7, 14), ("tries.graded", 70, 140),
        ("grouped", 0, 1), ("judged", 0, 10), ("tried", 20, 40),
    ]:  # fmt: skip
        assert (one.counted(f"search.{step}")[1], two.counted(f"search.{step}")[1]) == (first, second), step
    assert two.session.gateway.usage.of("search.regraded").wanted == 20


async def test_feedback_without_a_better_prompt_is_never_shown_again() -> None:
    asked = model(World(levels=3))
    found = await search("erm", asked, TASK, params={**SIZES, "rounds": 4, "solutions": 3, "group": 9})
    shown = [text_of(request) for request in asked.requests if request.messages and "remarks of a reviewer" in text_of(request)]
    assert len(shown) == 3
    assert not any("noise" in text for text in shown)
    assert [text.count("- raise") for text in shown] == [1, 2, 3]
    assert {item["text"].split()[0] for item in found.outputs["memory"].model_dump()["items"]} == {"raise"}


async def test_a_memory_without_the_filter_shows_useless_feedback(tmp_path: Path) -> None:
    unfiltered = variant(tmp_path, "erm", "{search.novel.of: $feedback}")
    asked = model(World())
    await search(unfiltered, asked, TASK, params={**SIZES, "rounds": 2, "solutions": 3, "group": 9})
    assert any("- noise" in text_of(request) for request in asked.requests if request.messages)


@pytest.mark.parametrize(("rate", "misses"), [(0.5, 2), (0.25, 4)])
async def test_a_priority_falls_by_each_miss_and_is_forgotten_below_the_least(rate: float, misses: int) -> None:
    found = await run(World(), rounds=misses + 2, rate=rate, least=0.2 if rate == 0.5 else 0.3)
    assert [one["marks"] for one in members(found, "stored", 1)] == [{"priority": 1.0}]
    for miss in range(1, misses + 1):
        assert [one["marks"]["priority"] for one in members(found, "recent", miss + 1)] == [pytest.approx((1 - rate) ** miss)]
    assert members(found, "recent", misses + 2) == []


async def test_a_group_that_helps_keeps_the_priority_of_its_feedback() -> None:
    found = await run(World(group=1), rounds=3)
    assert [one["marks"]["priority"] for one in members(found, "recent", 3)] == [1.0]
    assert level(found.prompt.text) == 3


async def test_the_lowest_temperature_draws_the_feedback_of_highest_priority() -> None:
    found = await run(World(levels=3), rounds=4, tau=0.01, group=1)
    priorities = [one["marks"]["priority"] for one in (*members(found, "recent", 3), *members(found, "stored", 3))]
    (drawn,) = members(found, "recalled", 4)
    assert drawn["marks"]["priority"] == max(priorities) > min(priorities)


async def test_a_similar_feedback_is_not_stored_again() -> None:
    class Same(World):
        def __call__(self, request: Request, key: str) -> str:
            return re.sub(r"raise it now\d by\d this\d", "raise it by one word", super().__call__(request, key))

    found = await run(Same(levels=3), rounds=3)
    assert level(found.prompt.text) == 3
    assert [len(members(found, "stored", round)) for round in (1, 2, 3)] == [1, 0, 0]


async def test_only_solutions_of_its_questions_with_the_right_answer_are_stored_and_shown() -> None:
    found = await run(World(levels=3), rounds=3)
    for round in (1, 2, 3):
        entered = members(found, "right", round)
        assert len(entered) == 1
        assert all(one["outputs"][0] == f"First this.\nanswer {one['input'].split()[1]}" for one in entered)
    later = members(found, "dressed", 3)
    stored = {one["input"] for round in (1, 2) for one in members(found, "entered", round)}
    assert {demo["input"] for demo in later[0]["demos"]} == stored
    assert found.session.counts["search.right", "unreadable"] == 0


@pytest.mark.parametrize(("replace", "answers"), [(1.0, ["new"]), (0.0, ["old"])])
async def test_a_solution_replaces_one_of_the_same_question_by_chance(replace: float, answers: list[str]) -> None:
    class Again(World):
        def solutions(self, text: str) -> str:
            case = sorted(re.findall(r"Input: (number \d+)\nExpected: (answer \d+)", text))[0]
            how = "new" if level(text) else "old"
            return f"<example><input>{case[0]}</input><output>{how}\n{case[1]}</output></example>"

    single = TASK.model_copy(update={"train": Examples(items=TASK.train.items[5:6])})
    found = await search("erm", model(Again()), single, params={**SIZES, "rounds": 2, "replace": replace, "least": 0.0})
    assert [item.output.split()[0] for item in found.outputs["examples"].items] == answers


@pytest.mark.heavy
async def test_it_finds_the_planted_prompt_and_guesses_do_not() -> None:
    found = guessed = 0
    for seed in range(4):
        for reply in (planted, guess):
            run = await search("erm", model(reply), parcels(), seed=seed, params={"rounds": 4, "batch": 24})
            complete = set(HINT.findall(run.prompt.text.lower())) == PLANTED
            found, guessed = found + (complete and reply is planted), guessed + (complete and reply is guess)
    assert found >= 3
    assert guessed <= 1
