"""What a node chooses and its `rest` are the whole set, and both stay within their bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import Extent, Sizes
from promptwire.node import NodeType
from promptwire.nodes.accept import accept
from promptwire.nodes.beam_select import beam_select
from promptwire.nodes.cap import cap
from promptwire.nodes.dedupe import dedupe
from promptwire.nodes.filter_subset import filter_subset
from promptwire.nodes.history_select import history_select
from promptwire.nodes.minus import minus
from promptwire.nodes.parents import parents
from promptwire.nodes.take import take
from promptwire.values import Entry, History, Prompt, Prompts, Row, Scores
from promptwire.values.members import key_of, members_of
from tests.nodes.fake import FakeContext, examples

SCORED = examples(3)
Making = Callable[[Prompts], Mapping[str, Any]]


def table(prompts: Prompts) -> Scores:
    """Scores whose values are the lengths of the prompts."""
    rows = tuple(Row(one.id, example.id, "", "", len(one.text) / 9) for one in prompts.items for example in SCORED.items)
    return Scores(prompts=prompts, examples=SCORED, rows=rows)


def log(prompts: Prompts) -> History:
    """A history of the prompts."""
    return History(entries=tuple(Entry(prompt=one, score=len(one.text) / 9, n=1) for one in prompts.items))


CASES: Sequence[tuple[NodeType, Making, Mapping[str, Any], str, str]] = [
    (take, lambda of: {"of": of}, {"n": 2}, "of", "members"),
    (take, lambda of: {"of": log(of)}, {"n": 2, "from_": "end"}, "of", "members"),
    (beam_select, lambda of: {"prompts": of, "scores": table(of)}, {"keep": 2}, "prompts", "prompts"),
    (beam_select, lambda of: {"prompts": of, "on": SCORED}, {"keep": 2, "policy": "ucb", "pulls": 9}, "prompts", "prompts"),
    (filter_subset, lambda of: {"prompts": of, "on": SCORED}, {"until": 2, "first": 1}, "prompts", "prompts"),
    (history_select, lambda of: {"of": log(of)}, {"best": 2}, "of", "history"),
    (history_select, lambda of: {"of": log(of)}, {"best": 3, "threshold": 0.3}, "of", "history"),
    (cap, lambda of: {"prompts": of}, {"per_parent": 1}, "prompts", "prompts"),
    (dedupe, lambda of: {"prompts": of, "known": Prompts(items=of.items[:1])}, {"max_chars": 3}, "prompts", "prompts"),
    (
        accept,
        lambda of: {"parents": Prompts(items=of.items[:2]), "children": of, "scores": table(of)},
        {"strict": False},
        "children",
        "accepted",
    ),
    (parents, lambda of: {"prompts": of}, {"policy": "matching"}, "prompts", "prompts"),
    (parents, lambda of: {"prompts": of}, {"policy": "matching", "size": 3}, "prompts", "prompts"),
    (parents, lambda of: {"prompts": of}, {"policy": "random", "n": 2}, "prompts", "prompts"),
]


@st.composite
def populations(draw: st.DrawFn) -> Prompts:
    """Prompts, some of which are children of others."""
    made: list[Prompt] = []
    for number in range(draw(st.integers(0, 7))):
        parents = (draw(st.sampled_from(made)).id,) if made and draw(st.booleans()) else ()
        made.append(Prompt(text=str(number) * draw(st.integers(1, 5)), parents=parents))
    return Prompts.of(made)


@pytest.mark.parametrize(("kind", "wires", "settings", "port", "output"), CASES)
@given(population=populations())
async def test_chosen_and_rest_are_the_set(
    kind: NodeType, wires: Making, settings: Mapping[str, Any], port: str, output: str, population: Prompts
) -> None:
    given_wires, params = wires(population), kind.params(**settings)
    found = await kind.run(kind.inputs(**given_wires), params, FakeContext(value=lambda prompt, _: len(prompt.text) / 9))
    taken, rest = members_of(getattr(found, output)), members_of(found.rest)
    assert sorted(map(str, map(key_of, (*taken, *rest)))) == sorted(map(str, map(key_of, members_of(given_wires[port]))))
    assert kind.bound is not None
    sizes = {name: Extent.exactly(len(members_of(value))).holding(3) for name, value in given_wires.items()}
    outputs = kind.bound(Sizes(sizes), params).outputs
    for name, members in ((output, taken), ("rest", rest)):
        assert outputs[name].least <= len(members) <= outputs[name].most, name


@given(population=populations(), data=st.data())
async def test_minus_splits_a_set_by_another(population: Prompts, data: st.DataObject) -> None:
    without = Prompts(items=(*(one for one in population.items if data.draw(st.booleans())), Prompt(text="other")))
    found = await minus.run(minus.inputs(of=population, without=without), minus.params(), FakeContext())
    assert [*found.members.items, *found.common.items] == sorted(
        population.items, key=lambda one: one in without.items and one.text != "other"
    )
    sizes = {"of": Extent.exactly(len(population)), "without": Extent.exactly(len(without))}
    assert minus.bound is not None
    outputs = minus.bound(Sizes(sizes), minus.params()).outputs
    assert outputs["members"].least <= len(found.members) <= outputs["members"].most
    assert outputs["common"].least <= len(found.common) <= outputs["common"].most
