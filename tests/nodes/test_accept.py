"""accept replaces a parent only by a better child."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from promptwire.language.check import check
from promptwire.nodes.accept import Inputs, Params, accept
from promptwire.values import Prompt, Prompts
from tests.nodes.fake import FakeContext, prompts, scores, texts

PARENTS = prompts("p", "q")
CHILD = Prompt(text="c", parents=(PARENTS.items[0].id,))


@pytest.mark.parametrize(
    ("values", "strict", "kept"),
    [
        ({"p": [0, 1], "c": [1, 1]}, True, ["c", "q"]),
        ({"p": [1, 1], "c": [0, 1]}, True, ["p", "q"]),
        ({"p": [1, 0], "c": [0, 1]}, True, ["p", "q"]),
        ({"p": [1, 0], "c": [0, 1]}, False, ["c", "q"]),
    ],
)
async def test_the_better_prompt_stays(values: dict[str, list[float]], strict: bool, kept: list[str]) -> None:
    inputs = Inputs(parents=PARENTS, children=Prompts(items=(CHILD,)), scores=scores(values))
    found = await accept.run(inputs, Params(strict=strict), FakeContext())
    assert texts(found.prompts) == kept
    assert texts(found.accepted) == [text for text in kept if text == "c"]


async def test_only_shared_examples_are_compared() -> None:
    table = scores({"p": [0, 1, 1, 1], "c": [1]})
    inputs = Inputs(parents=PARENTS, children=Prompts(items=(CHILD,)), scores=table)
    assert texts((await accept.run(inputs, Params(), FakeContext())).prompts) == ["c", "q"]


async def test_without_shared_examples_or_children_the_parents_stay() -> None:
    inputs = Inputs(parents=PARENTS, children=Prompts(items=(CHILD,)), scores=scores({"p": [0]}))
    assert texts((await accept.run(inputs, Params(strict=False), FakeContext())).prompts) == ["p", "q"]
    inputs = Inputs(parents=PARENTS, children=Prompts(), scores=scores({"p": [0]}))
    assert texts((await accept.run(inputs, Params(), FakeContext())).prompts) == ["p", "q"]


async def test_the_best_of_several_children_wins() -> None:
    other = Prompt(text="d", parents=CHILD.parents)
    table = scores({"p": [0, 0], "c": [1, 0], "d": [1, 1]})
    inputs = Inputs(parents=PARENTS, children=Prompts(items=(CHILD, other)), scores=table)
    assert texts((await accept.run(inputs, Params(), FakeContext())).prompts) == ["d", "q"]


async def test_only_the_first_parent_may_be_replaced() -> None:
    """A donor of differential evolution lends to the child and is not its rival."""
    p, q = PARENTS.items
    child = Prompt(text="c", parents=(q.id, p.id))
    inputs = Inputs(parents=PARENTS, children=Prompts(items=(child,)), scores=scores({"p": [0], "q": [0], "c": [1]}))
    assert texts((await accept.run(inputs, Params(), FakeContext())).prompts) == ["p", "c"]


async def test_the_rows_of_kept_prompts_are_passed_on() -> None:
    table = scores({"p": [0, 0], "q": [1, 0], "c": [1, 1], "x": [0, 0]})
    found = await accept.run(Inputs(parents=PARENTS, children=Prompts(items=(CHILD,)), scores=table), Params(), FakeContext())
    assert texts(found.scores.prompts) == ["c", "q"]
    assert [row.value for row in found.scores.rows] == [1, 0, 1, 1]


@pytest.mark.parametrize(
    ("margin", "strict", "kept"),
    [(0.0, True, "c"), (0.25, True, "p"), (0.25, False, "c"), (0.2, True, "c"), (0.5, False, "p")],
)
async def test_a_child_must_be_better_by_the_margin(margin: float, strict: bool, kept: str) -> None:
    """The child leads by 0.25."""
    table = scores({"p": [1, 0, 0, 1], "q": [0] * 4, "c": [1, 1, 0, 1]})
    inputs = Inputs(parents=PARENTS, children=Prompts(items=(CHILD,)), scores=table)
    assert texts((await accept.run(inputs, Params(margin=margin, strict=strict), FakeContext())).prompts)[0] == kept


async def test_the_margin_is_to_the_parent_and_not_between_children() -> None:
    other = Prompt(text="d", parents=CHILD.parents)
    table = scores({"p": [0, 0, 0, 0], "c": [1, 1, 0, 0], "d": [1, 1, 1, 0]})
    inputs = Inputs(parents=PARENTS, children=Prompts(items=(CHILD, other)), scores=table)
    assert texts((await accept.run(inputs, Params(margin=0.4), FakeContext())).prompts) == ["d", "q"]


async def shares(values: list[float], *, temperature: float, seeds: int = 400, **params: float) -> float:
    """The share of seeds in which the child of a parent with the values 1 and 1 is accepted."""
    children, table = Prompts(items=(CHILD,)), scores({"p": [1, 1], "c": values})
    inputs = Inputs(parents=prompts("p"), children=children, scores=table, temperature=temperature)
    runs = [await accept.run(inputs, Params(**params), FakeContext(seed=seed)) for seed in range(seeds)]
    return sum(texts(run.accepted) == ["c"] for run in runs) / seeds


@pytest.mark.parametrize(("temperature", "expected"), [(0.25, math.exp(-2)), (1.0, math.exp(-0.5)), (1e-6, 0.0), (1e9, 1.0)])
async def test_a_worse_child_is_accepted_as_often_as_metropolis_says(temperature: float, expected: float) -> None:
    """It falls short by 0.5."""
    assert abs(await shares([1, 0], temperature=temperature) - expected) < 0.07


async def test_a_missing_margin_counts_as_falling_short_and_an_equal_child_is_accepted() -> None:
    assert await shares([1, 1], temperature=0.1) == 1
    assert abs(await shares([1, 1], temperature=0.5, margin=0.5) - math.exp(-1)) < 0.07


async def test_chance_takes_the_best_child_by_the_seed_and_is_counted() -> None:
    other = Prompt(text="d", parents=CHILD.parents)
    table = scores({"p": [1, 1, 1], "c": [0, 0, 0], "d": [1, 0, 0]})
    inputs = Inputs(parents=prompts("p"), children=Prompts(items=(CHILD, other)), scores=table, temperature=1.0)
    found = []
    for seed in range(20):
        context = FakeContext(seed=seed)
        run = await accept.run(inputs, Params(), context)
        assert context.counts["accepted by chance"] == len(run.accepted)
        found.append(texts(run.prompts))
        again = await accept.run(inputs, Params(), FakeContext(seed=seed))
        assert texts(again.prompts) == found[-1]
    assert {text for texts in found for text in texts} == {"p", "d"}


COOLED = """promptwire: 1
inputs: {{seed: Prompts, train: Examples}}
nodes:
  first: {{use: evaluate, prompts: $seed, on: $train}}
  kept:  {{use: accept, parents: $seed, children: $seed, scores: $first, temperature: {}}}
outputs: {{prompt: $kept}}
"""


@pytest.mark.parametrize(
    ("written", "problem"),
    [("0.5", ""), ("0", ""), ("-1", "'temperature' is -1 - it must be at least 0"), ("hot", "needs Float")],
)
def test_a_temperature_that_is_written_is_checked_before_a_run(tmp_path: Path, written: str, problem: str) -> None:
    path = tmp_path / "cooled.yaml"
    path.write_text(COOLED.format(written), encoding="utf-8")
    found = [str(one) for one in check(str(path)).problems]
    assert len(found) == bool(problem) and all(problem in one for one in found), found
