"""mark sets a number on members."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from promptwire.errors import NodeError
from promptwire.nodes.mark import Inputs, Outputs, Params, mark
from promptwire.values import Critique, Critiques, Prompt, Prompts
from promptwire.values.members import Markable
from tests.nodes.fake import FakeContext, examples, prompts, scores


async def marked(of: Markable, only: Markable | None = None) -> Outputs:
    """The outputs, where a template adds 1 to the mark `visits`."""
    context = FakeContext(reply=lambda slots, sample: (str(slots.mark + 1),))
    found = await mark.run(Inputs(of=of, only=only), Params(name="visits"), context)
    assert isinstance(found, Outputs)
    return found


def visits(found: Outputs) -> list[float]:
    """The marks of the members."""
    return [member.marks["visits"] for member in found.members.items]


async def test_all_members_or_only_some_are_marked_and_all_come_out() -> None:
    of = Prompts(items=(Prompt(text="a", marks={"visits": 2, "wins": 1}), Prompt(text="b")))
    assert visits(await marked(of)) == [3, 1]
    found = await marked(of, prompts("a", "not there"))
    assert visits(found) == [3, 0]
    assert [dict(prompt.marks) for prompt in found.members.items] == [{"visits": 3, "wins": 1}, {}]


async def test_the_members_stay_the_same_values() -> None:
    of = Prompts(items=(Prompt(text="a", parents=("x",), companions={"persona": "p"}),))
    (found,) = (await marked(of)).members.items
    assert (found.id, found.parents, found.companions) == (of.items[0].id, ("x",), {"persona": "p"})


async def test_examples_and_critiques_are_marked_too() -> None:
    assert visits(await marked(examples(2), examples(1))) == [1, 0]
    assert visits(await marked(Critiques(items=(Critique(text="c", prompt=Prompt(text="a")),)))) == [1]


async def test_a_score_becomes_a_mark() -> None:
    context = FakeContext(reply=lambda slots, sample: (str(slots.score),))
    inputs = Inputs(of=prompts("a", "b"), scores=scores({"a": [1.0, 0.0], "b": [1.0, 1.0]}))
    found = await mark.run(inputs, Params(name="reward"), context)
    assert [prompt.marks["reward"] for prompt in found.members.items] == [0.5, 1.0]


async def test_what_is_no_number_and_a_bad_name_are_errors() -> None:
    with pytest.raises(NodeError, match="a number is needed for member 1"):
        await mark.run(Inputs(of=prompts("a")), Params(name="n"), FakeContext(reply=lambda slots, sample: ("many",)))
    with pytest.raises(ValidationError, match="'values' can't be a name"):
        Params(name="values")
