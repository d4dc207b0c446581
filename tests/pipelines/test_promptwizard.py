"""PromptWizard asks in short, takes the longest of equal instructions, and accepts what its coin chooses without a test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.backends.planted import planted
from promptwire.language.check import load_graph
from promptwire.planning.plan import make_plan
from promptwire.values.hashing import digest
from tests.pipelines.planted_task import PLANTED, parcels
from tests.pipelines.search_runs import Outcome, model, numbers, search

MARKS = {
    "variations of the instruction": "mutate",
    "got these inputs right": "praise",
    "answered these inputs wrongly": "critique",
    "Write a better instruction": "refine",
    "has difficulties": "examine",
    "the examples leave out": "judge",
    "new examples that follow": "synthesize",
    "gets from this input": "reason",
    "Describe the expert": "persona",
    "keywords for the task": "keywords",
}
"""What each call asks for."""
WRITTEN = "<example><input>number {n}</input><output>answer {n}</output></example>"
Right = Callable[[str, int], bool]
"""From an instruction and the number of times it was asked before to whether it is right."""


class World:
    """A model in all roles that answers a share of questions right."""

    def __init__(self, right: Right) -> None:
        self.right = right
        self.asked: Counter[str] = Counter()
        self.texts: list[tuple[str, str]] = []
        """Kind and text of each request."""
        self._times: Counter[str] = Counter()

    def reply(self, request: Request, key: str) -> str:
        text = request.messages[-1].content
        kind = next((kind for mark, kind in MARKS.items() if mark in text), "task")
        if kind == "refine" and "has difficulties" in text:
            kind = "rewrite"
        self.asked[kind] += 1
        self.texts.append((kind, text))
        word = digest([kind, key], 8)
        if kind == "mutate":
            return "".join(f"<START>{word} {'x' * n}<END>" for n in range(5))
        if kind in ("refine", "rewrite"):
            return f"<START>better {word}<END>"
        if kind == "synthesize":
            return "".join(WRITTEN.format(n=f"{word}{n}") for n in range(5))
        if kind != "task":
            return f"{kind} {word}"
        prompt, _, asked = text.rpartition("number ")
        self._times[prompt] += 1
        return f"answer {asked.split()[0]}" if self.right(prompt, self._times[prompt] - 1) else "wrong"


async def wizard(right: Right, pipeline: str = "promptwizard", **options: Any) -> tuple[Outcome, World]:
    world = World(right)
    return await search(pipeline, model(world.reply), numbers(60), **options), world


@pytest.mark.parametrize(("accuracy", "solved"), [(0, 3 * 22 + 5), (1, 3 * 3 * 22 + 25)])
async def test_calls_are_those_of_its_formula(accuracy: int, solved: int) -> None:
    """Per round 4 + 2 meta calls and 22 (1 + p + p^2) answers; 5 to 25 answers for hard examples; 0 to 6, 5 and 1 meta calls."""
    run, world = await wizard(lambda prompt, times: bool(accuracy))
    asked = world.asked
    assert asked["task"] == solved
    assert asked["mutate"] == 12
    assert (asked["praise"], asked["critique"], asked["refine"]) == ((3, 0, 3) if accuracy else (0, 3, 3))
    assert asked["examine"] == asked["rewrite"] and asked["judge"] == asked["synthesize"]
    assert asked["examine"] + asked["judge"] == 3
    assert (asked["reason"], asked["persona"], asked["keywords"]) == (5, 1, 0)
    assert run.calls == solved + 12 + 6 + 6 + 6
    bounds = {step.path: step for step in make_plan(load_graph("promptwizard"), numbers(60)).steps}
    for path, count in run.session.gateway.usage.steps.items():
        assert bounds[path].least <= count.new <= (bounds[path].most or 0), path


async def test_longest_of_equal_instructions_goes_on() -> None:
    run, _ = await wizard(lambda prompt, times: True, params={"iterations": 1})
    tried = run.gave("search.tried", "0")["scores"]["prompts"]["items"]
    longest = max(len(prompt["text"]) for prompt in tried)
    (top,) = run.gave("search.top", "0")["members"]["items"]
    assert len(top["text"]) == longest


async def test_positive_critic_is_shown_the_wrong_answer_of_a_half_right_instruction() -> None:
    run, world = await wizard(lambda prompt, times: times == 0, params={"iterations": 1})
    rows = run.gave("search.leader", "0")["kept"]["rows"]
    assert [row["value"] for row in rows] == [1.0, 0.0]
    (shown,) = run.gave("search.shown", "0")["failures"]["groups"]
    assert [case["value"] for case in shown["cases"]] == [0.0]
    assert (world.asked["praise"], world.asked["critique"]) == (1, 0)


async def test_coin_flips_ask_no_question_of_the_task() -> None:
    run, world = await wizard(lambda prompt, times: False)
    steps = run.session.gateway.usage.steps
    assert {path for path in steps if path.startswith("refine.")} <= {
        "refine.examined", "refine.rewritten", "refine.judged", "refine.written",
    }  # fmt: skip
    kinds = [kind for kind, _ in world.texts]
    assert "task" not in kinds[kinds.index("reason") :]


async def test_tails_without_written_examples_changes_nothing() -> None:
    run, world = await wizard(lambda prompt, times: False, params={"write_examples": False})
    assert world.asked["judge"] == world.asked["synthesize"] == 0
    assert run.session.counts["refine.judged", "not run"] == 3


async def test_prompt_has_persona_instruction_worked_examples_and_keywords() -> None:
    run, _ = await wizard(lambda prompt, times: False, params={"keywords": True})
    (instruction,) = [one["text"] for one in run.gave("whole", "")["members"]["items"]]
    text = run.prompt.text
    assert text.startswith("persona ") and instruction in text
    assert text.count("Input: number") == text.count("reason ") == text.count("Output: answer") == 5
    assert "Keywords: keywords" in text
    assert not run.prompt.companions


async def test_repaired_preset_draws_styles_and_keeps_only_what_is_better() -> None:
    """The authors' code accepts each rewritten instruction; the repaired one keeps the instruction that answers right."""
    right = lambda prompt, times: "better" not in prompt  # noqa: E731
    faithful, _ = await wizard(right, params={"iterations": 0})
    repaired, world = await wizard(right, "promptwizard-repaired", params={"iterations": 0})
    flips = [run.session.counts["refine.examined", "not run"] for run in (faithful, repaired)]
    assert flips[0] < 3 and "better" in faithful.prompt.text
    assert "better" not in repaired.prompt.text
    assert not any(kind == "mutate" for kind, _ in world.texts)


async def test_repaired_preset_asks_each_request_for_other_variations() -> None:
    for pipeline, many in (("promptwizard", 1), ("promptwizard-repaired", 4)):
        _, world = await wizard(lambda prompt, times: True, pipeline, params={"iterations": 1})
        assert len({text for kind, text in world.texts if kind == "mutate"}) == many


@pytest.mark.parametrize("pipeline", ["promptwizard", "promptwizard-repaired"])
async def test_it_finds_a_better_prompt_in_the_planted_world(pipeline: str) -> None:
    run = await search(pipeline, planted(), parcels(), seed=2)
    assert sum(hint in run.prompt.text for hint in PLANTED) >= 3
