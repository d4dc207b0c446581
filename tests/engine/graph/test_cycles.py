"""Steps that wait for each other, and that the order of those which do not is networkx's own."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from promptwire.graph.cycles import find_cycles
from promptwire.graph.ordering import order_steps

_names = st.sampled_from("abcdef")


@given(st.dictionaries(_names, st.frozensets(_names, max_size=3), max_size=6))
def test_steps_that_do_not_wait_for_each_other_are_in_the_same_order_without_networkx(
    needs: Mapping[str, frozenset[str]],
) -> None:
    tidy = {step: {need for need in its if need in needs and need < step} for step, its in needs.items()}
    assert order_steps(tidy).order == find_cycles(tidy)[0]
    assert find_cycles(tidy)[1] == ()


def test_a_cycle_is_named_in_the_order_in_which_it_hands_on() -> None:
    assert order_steps({"c": "b", "a": "c", "b": "a", "x": "x", "y": "a"}).cycles == (("a", "b", "c"), ("x",))
    assert order_steps({"a": "", "b": "a"}).cycles == ()


def test_the_shortest_way_round_is_named() -> None:
    assert order_steps({"a": "db", "b": "a", "c": "b", "d": "c"}).cycles == (("a", "b"),)
