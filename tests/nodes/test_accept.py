"""accept replaces a parent only by a better child."""

from __future__ import annotations

import pytest

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
