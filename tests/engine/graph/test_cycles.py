"""Cycles of steps; without a cycle, the order equals that of networkx."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from promptwire.graph.cycles import find_cycles
from promptwire.graph.ordering import order_steps

_names = st.sampled_from("abcdef")


@given(st.dictionaries(_names, st.frozensets(_names, max_size=3), max_size=6))
def test_the_order_without_a_cycle_equals_that_of_networkx(
    needs: Mapping[str, frozenset[str]],
) -> None:
    tidy = {step: {need for need in its if need in needs and need < step} for step, its in needs.items()}
    assert order_steps(tidy).order == find_cycles(tidy)[0]
    assert find_cycles(tidy)[1] == ()


def test_a_cycle_is_listed_from_step_to_step() -> None:
    assert order_steps({"c": "b", "a": "c", "b": "a", "x": "x", "y": "a"}).cycles == (("a", "b", "c"), ("x",))
    assert order_steps({"a": "", "b": "a"}).cycles == ()


def test_the_shortest_cycle_is_reported() -> None:
    assert order_steps({"a": "db", "b": "a", "c": "b", "d": "c"}).cycles == (("a", "b"),)
