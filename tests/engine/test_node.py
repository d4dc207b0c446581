"""Node types: what `@node` reads from a function."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import pytest

from promptwire.errors import NodeError
from promptwire.node import Context, node, require_wires
from promptwire.values import Members, Model, Prompts
from tests.nodes.fake import FakeContext, prompts


class Inputs(Model):
    prompts: Prompts | None = None


class Params(Model):
    n: int = 1


class Outputs(Model):
    best: Prompts = Prompts()
    others: Prompts = Prompts()


class Slots(Model):
    text: str


async def pick_best(inputs: Inputs, params: Params, context: Context) -> Outputs:
    """Pick prompts.

    In detail.
    """
    return Outputs()


def test_a_node_type_has_the_name_schema_and_main_output_of_its_function() -> None:
    found = node()(pick_best)
    assert (found.name, found.inputs, found.params, found.outputs) == ("pick-best", Inputs, Params, Outputs)
    assert (found.main, found.doc) == ("best", "Pick prompts.")


def test_the_role_follows_from_slots_and_scores_unless_given() -> None:
    assert node()(pick_best).role is None
    assert node(slots=Slots)(pick_best).role == "meta"
    assert node(scores=True)(pick_best).role == "task"
    assert node(slots=Slots, role="judge")(pick_best).role == "judge"


def test_a_node_that_renders_without_a_model_has_no_role() -> None:
    assert node(slots=Slots, renders=True)(pick_best).role is None
    assert node(slots=Slots, renders=True)(pick_best).renders


@pytest.mark.parametrize("more", [{}, {"slots": Slots, "scores": True}, {"slots": Slots, "role": "meta"}])
def test_a_node_that_renders_without_a_model_needs_slots_and_calls_none(more: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="renders=True needs slots"):
        node(renders=True, **more)


def test_a_function_of_another_form_is_refused() -> None:
    async def two(inputs: Inputs, params: Params) -> Outputs:
        return Outputs()

    async def untyped(inputs, params, context) -> Outputs:  # type: ignore[no-untyped-def]
        return Outputs()

    for wrong in (two, untyped):
        with pytest.raises(TypeError, match="a node is"):
            node()(wrong)  # type: ignore[arg-type]


def test_a_missing_wire_is_a_node_error_with_the_step() -> None:
    def lacks(wired: Set[str], params: Params) -> tuple[str, str]:
        return ("", "") if "prompts" in wired else ("it needs prompts", "wire prompts")

    context = FakeContext()
    require_wires(lacks, Inputs(prompts=prompts("a")), Params(), context)
    with pytest.raises(NodeError, match="it needs prompts") as caught:
        require_wires(lacks, Inputs(), Params(), context)
    assert (caught.value.where, caught.value.hint) == (context.path, "wire prompts")


class Anything(Model):
    """Any set."""

    of: Members
    """The set."""


class OneSet(Model):
    """One set of prompts."""

    of: Prompts
    """The set."""


async def passed(inputs: Anything, params: Params, context: Context) -> Anything:
    """Give the set."""
    return inputs


async def plain(inputs: OneSet, params: Params, context: Context) -> OneSet:
    """Give the prompts."""
    return inputs


@pytest.mark.parametrize(
    ("run", "same", "problem"),
    [
        (passed, None, "ports of type Members need @node"),
        (passed, "other", "names none of its inputs"),
        (plain, "of", "names none of its inputs of type Members"),
    ],
)
def test_ports_of_type_members_and_the_input_that_decides_their_type_belong_together(
    run: Any, same: str | None, problem: str
) -> None:
    assert node(same="of")(passed).same == "of"
    with pytest.raises(TypeError, match=problem):
        node(same=same)(run)
