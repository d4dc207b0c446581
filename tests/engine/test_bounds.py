"""Extents: arithmetic on ranges of sizes."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import NONE, ONE, UNKNOWN, Bound, Extent, Sizes

pairs = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(sorted)
extents = pairs.map(lambda ends: Extent(ends[0], ends[1]))


@given(extents, extents, st.data())
def test_operations_on_extents_hold_for_sizes_within(first: Extent, second: Extent, data: st.DataObject) -> None:
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


def test_zero_times_an_unknown_size_is_zero() -> None:
    assert (NONE, Extent(0, 0, math.inf)) == (NONE * UNKNOWN, UNKNOWN * 0)
    assert (ONE * UNKNOWN).most == math.inf


def test_an_extent_is_exact_when_its_ends_are_equal() -> None:
    assert Extent.exactly(3).exact
    assert not Extent(2, 3).exact


def test_a_port_without_a_wire_has_size_zero() -> None:
    sizes = Sizes({"prompts": ONE})
    assert (sizes.of("prompts"), sizes.of("on")) == (ONE, NONE)
    assert "prompts" in sizes
    assert "on" not in sizes
    assert Bound().asks == NONE
