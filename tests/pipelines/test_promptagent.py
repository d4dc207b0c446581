"""PromptAgent: the paths of its tree search in worlds with known rewards, the number of its calls, and what its requests show.

The expected paths come from the authors' code, run with the same rewards. Prompts are numbered in the order in which they are
written; the initial prompt is 0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.backends.planted import reply
from promptwire.values.hashing import stream
from tests.pipelines.planted_task import accuracy, parcels, variant
from tests.pipelines.search_runs import Outcome, kind_of, model, numbers, search, well_formed

BATCH, WIDTH = 5, 3
NUMBER = re.compile(r"number (\d+)")
NAMED = re.compile(r"prompt (\d+)\b")
REWARDS: dict[str, Callable[[int, int], float]] = {
    "all equal": lambda number, depth: 0.5,
    "later is better": lambda number, depth: 0.5 + 0.01 * number,
    "deeper is worse": lambda number, depth: 0.5 - 0.05 * depth,
}


@dataclass
class World:
    """A model under which each new prompt has a given reward; all answers to training examples are wrong."""

    reward: Callable[[int, int], float]
    dev: int = 100
    train: int = 40
    readable: bool = True
    rewards: list[float] = field(default_factory=lambda: [0.5])
    """By number of the prompt."""
    edits: list[str] = field(default_factory=list)
    """Requests for an edit."""

    def __call__(self, request: Request, key: str) -> str:
        text = request.messages[-1].content
        if kind_of(request) == "task":
            place = int(NUMBER.findall(text)[-1])
            right = self.train <= place < self.train + round(self.rewards[number_of(text)] * self.dev)
            return f"answer {place}" if right else "wrong"
        if kind_of(request) != "edit":
            return well_formed(request, key)
        self.edits.append(text)
        if not self.readable:
            return "There is nothing to improve."
        number = len(self.rewards)
        self.rewards.append(self.reward(number, text.count("\nStep ")))
        return f"<START>prompt {number}<END>"

    async def run(self, pipeline: str | Path = "promptagent", *, seed: int = 0, **params: Any) -> Outcome:
        """Run the search in this world."""
        task = numbers(self.train, dev=self.dev)
        return await search(pipeline, model(self), task, seed=seed, params={"scored_on": self.dev, **params})


def number_of(text: str) -> int:
    """The number of the prompt in a text; 0 for the initial one."""
    found = NAMED.search(text)
    return int(found[1]) if found else 0


def paths(run: Outcome) -> list[list[int]]:
    """The path of each iteration, by the numbers of its prompts."""
    found = [row["outputs"]["path"]["items"] for row in run.values if row["path"] == "search.walk"]
    return [[number_of(prompt["text"]) for prompt in path] for path in found]


def tree(run: Outcome, round: int) -> dict[int, dict[str, float]]:
    """The marks of each prompt of the tree after an iteration, by number."""
    items = run.gave("search.summed", str(round))["members"]["items"]
    return {number_of(prompt["text"]): prompt["marks"] for prompt in items}


def chains(*texts: str) -> list[list[int]]:
    """Paths written as `0-1-4`."""
    return [[int(one) for one in text.split("-")] for text in texts]


@pytest.mark.parametrize(
    ("rewards", "dev", "depth", "iterations", "steps", "expected", "best"),
    [
        ("all equal", 10, 5, 6, 33,
         ["0-1-4-7-10-13", "0-1-4-7-10-13", "0-1-4-7-11-16", "0-1-4-8-19-22", "0-1-5-25-28-31", "0-1-5-25-28-31"], 0),
        ("later is better", 100, 5, 4, 18, ["0-3-6-9", "0-3-6-9-12", "0-3-6-8-15", "0-3-5-18"], 18),
        ("deeper is worse", 20, 8, 4, 15, ["0-1-4-7", "0-1-4-7", "0-2-10-13", "0-2-10-13"], 0),
    ],
)  # fmt: skip
async def test_the_paths_are_those_of_the_authors_code(
    rewards: str, dev: int, depth: int, iterations: int, steps: int, expected: list[str], best: int
) -> None:
    """`dev` is the least number of examples that gives each reward exactly."""
    world = World(REWARDS[rewards], dev)
    run = await world.run(depth=depth, iterations=iterations)
    assert paths(run) == chains(*expected)
    assert len(world.edits) == steps
    assert number_of(run.prompt.text) == best


async def test_a_prompt_without_a_readable_edit_is_tried_once_and_then_left_alone() -> None:
    """The authors' code expands it twice before it gives up."""
    world = World(REWARDS["all equal"], 10, readable=False)
    run = await world.run(iterations=4)
    assert (paths(run), len(world.edits), run.prompt.text) == ([[0]] * 4, WIDTH, "Say it.")


def drifting(seed: int) -> World:
    """Rewards drawn around the middle, in steps of 0.05."""
    draw = stream("promptagent", seed)
    return World(lambda number, depth: round(10 + draw.gauss(0.2, 1.2)) / 20, dev=20)


@pytest.mark.parametrize("seed", range(2))
async def test_a_step_makes_a_minibatch_two_meta_calls_and_an_evaluation(seed: int) -> None:
    """|E| + steps x (B + |E|) task calls and 2 x steps meta calls; at most iterations x depth x width steps, and far fewer."""
    world = drifting(seed)
    run = await world.run(seed=seed, iterations=8)
    steps = len(world.edits)
    assert run.counted("search.walk.expand.edits")[1] == run.counted("search.walk.expand.why")[1] == steps
    assert run.calls == 20 + steps * (BATCH + 20) + 2 * steps
    assert WIDTH < steps < 8 * 8 * WIDTH / 3


@pytest.mark.parametrize(("seed", "iterations", "missed"), [(0, 8, False), (6, 4, True)])
async def test_the_result_is_the_best_prompt_of_the_path_with_the_best_mean(seed: int, iterations: int, missed: bool) -> None:
    """Which is not always the best prompt of the tree: that may be on a path with a lower mean."""
    world = drifting(seed)
    run = await world.run(seed=seed, iterations=iterations)
    means = [sum(world.rewards[one] for one in path) / len(path) for path in paths(run)]
    last = max(range(len(means)), key=lambda place: (round(means[place], 9), place))
    result = number_of(run.prompt.text)
    assert result == max(paths(run)[last], key=lambda one: world.rewards[one])
    assert (world.rewards[result] < max(world.rewards)) == missed


async def test_of_paths_with_equal_means_the_later_one_counts() -> None:
    run = await World(lambda number, depth: 0.6, dev=10).run(depth=1, iterations=3)
    assert paths(run) == chains("0-1", "0-1", "0-2")
    assert number_of(run.prompt.text) == 2


async def test_each_prompt_of_a_path_gets_the_sum_of_the_rewards_from_itself_to_the_end() -> None:
    run = await World(REWARDS["later is better"]).run(depth=5, iterations=2)
    first, second = tree(run, 0), tree(run, 1)
    assert paths(run)[0] == [0, 3, 6, 9]
    assert {number: marks["total"] for number, marks in first.items() if "total" in marks} == pytest.approx(
        {0: 0.5 + 0.53 + 0.56 + 0.59, 3: 0.53 + 0.56 + 0.59, 6: 0.56 + 0.59, 9: 0.59}
    )
    assert second[0]["visits"] == 2
    assert second[9]["total"] == pytest.approx(0.59 + (0.59 + 0.62))


async def test_an_edit_shows_all_prompts_from_the_first_to_its_own() -> None:
    world = World(REWARDS["all equal"], 10)
    await world.run(depth=3, iterations=1)
    shown = [[number_of(step) for step in re.findall(r'Step \d+:\n"""\n(.*?)\n"""', text)] for text in world.edits]
    assert shown == [[0]] * WIDTH + [[0, 1]] * WIDTH + [[0, 1, 4]] * WIDTH


async def test_minibatches_go_through_the_training_examples_one_after_the_other() -> None:
    run = await World(REWARDS["all equal"], 10, train=30).run(depth=2, iterations=1)
    batches = [
        [example["input"] for example in row["outputs"]["examples"]["items"]]
        for row in run.values
        if row["path"] == "search.walk.expand.minibatch"
    ]
    assert [len(batch) for batch in batches] == [BATCH] * 6
    assert set(Counter(one for batch in batches for one in batch).values()) == {1}


async def test_a_minibatch_without_a_wrong_answer_is_praised_and_not_skipped() -> None:
    def right(request: Request, key: str) -> str:
        text = request.messages[-1].content
        return f"answer {NUMBER.findall(text)[-1]}" if kind_of(request) == "task" else well_formed(request, key)

    used = model(right)
    run = await search("promptagent", used, numbers(10, dev=4), params={"iterations": 1, "depth": 1})
    assert run.counted("search.walk.expand.why")[1] == WIDTH
    praised = [one.messages[-1].content for one in used.requests if kind_of(one) != "task"]
    assert len(praised) == 2 * WIDTH
    assert all("answers these inputs as expected" in text and "wrong" not in text for text in praised)


async def test_a_search_that_never_leaves_its_first_path_is_another_one(tmp_path: Path) -> None:
    """The selection by the reward alone meets the same finished path again and again; the shipped one goes elsewhere."""
    stuck = variant(tmp_path, "promptagent.yaml", "{search.select.down: {template: promptagent/reward.j2}}")
    worlds = [World(REWARDS["deeper is worse"], 20) for _ in range(2)]
    shipped, other = [await world.run(name, iterations=6) for world, name in zip(worlds, ("promptagent", stuck), strict=True)]
    assert len({tuple(path) for path in paths(other)}) == 1
    assert len({tuple(path) for path in paths(shipped)}) > 1
    assert len(worlds[0].edits) > len(worlds[1].edits) == 3 * WIDTH


async def test_it_finds_a_much_better_prompt_for_the_planted_task() -> None:
    params = {"iterations": 2, "depth": 4, "scored_on": 16}
    run = await search("promptagent", model(reply), parcels(), params=params)
    assert accuracy(parcels().prompts.items[0]) < 0.3
    assert accuracy(run.prompt) > 0.6
