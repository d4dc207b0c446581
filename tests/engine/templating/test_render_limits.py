"""What is used up by one rendering is counted anew by the next, and what is too large is refused before it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from promptwire.templating.render_limits import (
    MAX_TURNS,
    MAX_VALUE,
    SMALL,
    check_size,
    count_output,
    counted_steps,
    require_room,
    require_small,
    start,
)


def test_turns_and_characters_are_counted_until_the_next_rendering() -> None:
    for _ in range(2):
        start()
        assert sum(1 for _ in counted_steps(range(MAX_TURNS))) == MAX_TURNS
        with pytest.raises(OverflowError, match="turns"):
            next(counted_steps([0]))
    start()
    assert count_output(12) == "12"
    with pytest.raises(OverflowError, match="characters"):
        for _ in range(5):
            count_output("x" * MAX_VALUE)


@pytest.mark.parametrize(
    ("usual", "large"),
    [
        ("x" * 100, "x" * (MAX_VALUE + 1)),
        (["x" * 100] * 3, ["x" * 1_500_000] * 3),
        ([[1] * 10] * 10, [[1] * 3000] * 3000),
        ({"a": [1, 2]}, {"a": ["x" * MAX_VALUE, 1]}),
        (2**4000, 2**5000),
        (None, ("x" * 3_000_000, ("y" * 3_000_000,))),
    ],
)
def test_a_value_is_held_as_it_is_or_refused_for_all_that_is_in_it(usual: Any, large: Any) -> None:
    start()
    assert check_size(usual) is usual
    with pytest.raises(OverflowError):
        check_size(large)


@pytest.mark.parametrize(
    ("usual", "large"),
    [
        (lambda: require_small("ab", [20], {}, formats=False), lambda: require_small("ab", [SMALL + 1], {}, formats=False)),
        (lambda: require_small("ab", [], {"width": 9}, formats=False), lambda: require_small("a", [], {"width": 1e9}, formats=False)),
        (lambda: require_small("{:>20}", ["a"], {}, formats=True), lambda: require_small("{:>20000}", ["a"], {}, formats=True)),
        (lambda: require_small("{}", [10**9], {}, formats=True), lambda: require_small("{:{}}", ["a", 9], {}, formats=True)),
        (lambda: require_room("%s %s", ["a" * 1000]), lambda: require_room("%s" * 1000, ["a" * 5000])),
    ],
)  # fmt: skip
def test_small_arguments_pass_and_large_ones_do_not(usual: Callable[[], None], large: Callable[[], None]) -> None:
    start()
    usual()
    with pytest.raises(OverflowError):
        large()
