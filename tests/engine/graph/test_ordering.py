"""Order of steps, cycles, and the steps that outputs need."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from promptwire.graph.ordering import ancestors, order_steps

_names = st.sampled_from("abcdef")
_needs = st.dictionaries(_names, st.frozensets(_names, max_size=3), max_size=6)


@given(_needs, st.randoms())
def test_the_written_order_has_no_effect(needs: Mapping[str, frozenset[str]], random: object) -> None:
    shuffled = dict(sorted(needs.items(), key=lambda _: random.random()))  # type: ignore[attr-defined]
    assert order_steps(shuffled) == order_steps(needs)


@given(_needs)
def test_every_step_comes_once_and_after_its_needs_except_in_cycles(
    needs: Mapping[str, frozenset[str]],
) -> None:
    found = order_steps(needs)
    assert sorted(found.order) == sorted(needs)
    if not found.cycles:
        place = {step: number for number, step in enumerate(found.order)}
        assert all(place[need] < place[step] for step, its in needs.items() for need in its if need in needs)
    for cycle in found.cycles:
        following = (*cycle[1:], cycle[0])
        assert all(step in needs[after] for step, after in zip(cycle, following, strict=True))


def test_only_ancestors_of_an_end_are_found() -> None:
    assert ancestors({"a": "", "b": "a", "c": "b", "x": "a"}, ["c", "not there"]) == {"a", "b", "c"}
    assert ancestors({"a": ""}, []) == frozenset()
