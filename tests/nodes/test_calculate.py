"""calculate gives the number that a template writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.errors import NodeError
from promptwire.nodes.calculate import Inputs, Outputs, Params, calculate
from tests.nodes.fake import FakeContext


async def calculated(*texts: str) -> Outputs:
    found = await calculate.run(Inputs(), Params(), FakeContext(reply=lambda slots, sample: texts))
    assert isinstance(found, Outputs)
    return found


@pytest.mark.parametrize(
    ("text", "value", "whole", "yes"),
    [
        ("0.75", 0.75, 1, True),
        ("2.5", 2.5, 3, True),
        ("-2.5", -2.5, -2, False),
        ("0", 0.0, 0, False),
        ("1e-3", 0.001, 0, True),
        ("True", 1.0, 1, True),
        ("False", 0.0, 0, False),
    ],
)
async def test_a_number_is_given_rounded_and_as_yes_or_no(text: str, value: float, whole: int, yes: bool) -> None:
    assert await calculated(text) == Outputs(value=value, whole=whole, yes=yes)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), "the template gives no text"),
        (("one",), "the template gives 'one'"),
        (("1", "2"), "the template gives '1\\\\n2'"),
        (("nan",), "the template gives 'nan'"),
        (("inf",), "the template gives 'inf'"),
    ],
)
async def test_anything_but_one_number_is_an_error(texts: tuple[str, ...], expected: str) -> None:
    with pytest.raises(NodeError, match=rf"here: a number is needed, but {expected}\n  let it write one number"):
        await calculated(*texts)


@given(st.floats(-1e12, 1e12))
async def test_the_whole_number_is_the_nearest(number: float) -> None:
    found = await calculated(repr(number))
    assert (found.value, abs(found.whole - number) <= 0.5, found.yes) == (number, True, number > 0)


def test_a_number_costs_no_call() -> None:
    assert calculate.role is None and calculate.renders
