"""Ranges of sizes: what arithmetic on them promises."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import NONE, ONE, UNKNOWN, Bound, Extent, Sizes

pairs = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(sorted)
extents = pairs.map(lambda ends: Extent(ends[0], ends[1]))


@given(extents, extents, st.data())
def test_what_holds_for_sizes_holds_for_their_ranges(first: Extent, second: Extent, data: st.DataObject) -> None:
    a = data.draw(st.integers(int(first.least), int(first.most)))
    b = data.draw(st.integers(int(second.least), int(second.most)))
    shared = data.draw(st.integers(0, min(a, b)))
    for extent, size in (
        (first + second, a + b),
        (first * second, a * b),
        (first.joined(second), a + b - shared),
        (first.hull(second), a),
        (first.hull(second), b),
        (first.upto(7), min(a, 7)),
        (first.perhaps(), a - shared),
    ):
        assert extent.least <= size <= extent.most


def test_nothing_times_what_nobody_knows_is_nothing() -> None:
    assert (NONE, Extent(0, 0, math.inf)) == (NONE * UNKNOWN, UNKNOWN * 0)
    assert (ONE * UNKNOWN).most == math.inf


def test_a_range_is_exact_when_its_ends_meet() -> None:
    assert Extent.exactly(3).exact
    assert not Extent(2, 3).exact


def test_what_is_not_wired_holds_nothing() -> None:
    sizes = Sizes({"prompts": ONE})
    assert (sizes.of("prompts"), sizes.of("on")) == (ONE, NONE)
    assert "prompts" in sizes
    assert "on" not in sizes
    assert Bound().asks == NONE
