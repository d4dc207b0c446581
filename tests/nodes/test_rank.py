"""rank orders members by the number that a template gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import Extent, Sizes
from promptwire.errors import NodeError
from promptwire.nodes.rank import Inputs, Outputs, Params, Slots, bound, rank
from promptwire.values import Critique, Critiques, Entry, History, Prompt, Prompts
from tests.nodes.fake import FakeContext, examples, prompts, scores, texts

ROOT = Prompt(text="root", marks={"visits": 3})
CHILD = Prompt(text="child", parents=(ROOT.id,), marks={"visits": 1, "total": 2.5})


def context(value: Callable[[Slots], Any], **where: Any) -> FakeContext:
    """A context whose template writes `value` of its variables."""
    return FakeContext(reply=lambda slots, sample: (str(value(slots)),), **where)


async def ranked(of: Any, value: Callable[[Slots], Any], *, wires: dict[str, Any] | None = None, **params: Any) -> Outputs:
    """The outputs for a set."""
    found = await rank.run(Inputs(of=of, **(wires or {})), Params(**params), context(value))
    assert isinstance(found, Outputs)
    return found


@pytest.mark.parametrize(
    ("params", "members", "rest", "values"),
    [
        ({}, ["ccc", "bb", "dd", "a"], [], (3, 2, 2, 1)),
        ({"keep": 2}, ["ccc", "bb"], ["dd", "a"], (3, 2)),
        ({"order": "ascending", "keep": 3}, ["a", "bb", "dd"], ["ccc"], (1, 2, 2)),
        ({"least": 2}, ["ccc", "bb", "dd"], ["a"], (3, 2, 2)),
        ({"least": 2, "keep": 1}, ["ccc"], ["bb", "dd", "a"], (3,)),
        ({"keep": 0}, [], ["ccc", "bb", "dd", "a"], ()),
    ],
)
async def test_numbers_order_and_equal_ones_keep_the_written_order(
    params: dict[str, Any], members: list[str], rest: list[str], values: tuple[float, ...]
) -> None:
    found = await ranked(prompts("a", "bb", "ccc", "dd"), lambda slots: slots.length, **params)
    assert (texts(found.members), texts(found.rest), found.values) == (members, rest, values)


async def test_the_very_prompts_come_out_with_lineage_and_marks() -> None:
    found = await ranked(Prompts(items=(ROOT, CHILD)), lambda slots: slots.number)
    assert found.members.items == (CHILD, ROOT)
    assert found.members.items[0].marks["total"] == 2.5


async def test_a_template_reads_score_marks_parents_and_place() -> None:
    table = scores({"root": [1.0, 0.0], "child": [1.0, 1.0]})
    shown = context(lambda slots: 0, round="1.2")
    inputs = Inputs(of=Prompts(items=(CHILD,)), scores=table, among=Prompts(items=(ROOT,)))
    await rank.run(inputs, Params(), shown)
    (slots,) = shown.asked
    assert (slots.item, slots.prompt, slots.score, slots.n) == (CHILD, CHILD, 1.0, 2)
    assert ([one.marks["visits"] for one in slots.parents], slots.length, slots.number, slots.round) == ([3], 5, 1, 3)


async def test_a_history_gives_entries_and_scores_and_its_own_are_its_members() -> None:
    entry = Entry(prompt=ROOT, score=0.7, n=4, critique="too long")
    log = History(entries=(entry,))
    for wires in ({"of": Prompts(items=(ROOT, CHILD)), "log": log}, {"of": log}):
        shown = context(lambda slots: 0)
        await rank.run(Inputs(**wires), Params(), shown)
        assert (shown.asked[0].entry, shown.asked[0].score, shown.asked[0].n) == (entry, 0.7, 4)
        assert [slots.score for slots in shown.asked[1:]] == [None] * (len(shown.asked) - 1)


async def test_an_example_has_the_mean_of_its_rows_as_score() -> None:
    shown = context(lambda slots: 0)
    await rank.run(Inputs(of=examples(2), scores=scores({"a": [1.0, 0.0], "b": [0.0, 0.0]})), Params(), shown)
    assert [(slots.score, slots.n, slots.prompt) for slots in shown.asked] == [(0.5, 2, None), (0.0, 2, None)]


async def test_critiques_are_ranked_by_their_prompt_and_their_marks() -> None:
    of = Critiques(items=tuple(Critique(text=text, prompt=ROOT, marks={"priority": rank}) for rank, text in enumerate("ab")))
    found = await ranked(of, lambda slots: slots.item.marks["priority"], keep=1)
    assert [critique.text for critique in found.members.items] == ["b"]


@pytest.mark.parametrize("text", ["", "high", "nan", "inf", "1 2", "None"])
async def test_what_is_no_finite_number_is_an_error_that_names_the_member(text: str) -> None:
    with pytest.raises(NodeError, match="a number is needed for member 2, but the template gives") as caught:
        await ranked(prompts("a", "b"), lambda slots: text if slots.number == 2 else 1)
    assert caught.value.where == "here"


async def test_a_temperature_draws_in_proportion_and_by_the_seed() -> None:
    chosen = Counter[str]()
    for seed in range(600):
        inputs, params = Inputs(of=prompts("low", "high")), Params(keep=1, temperature=2.0)
        firsts = [
            texts((await rank.run(inputs, params, context(lambda slots: 2 * slots.number, seed=seed))).members)[0]
            for _ in range(2)
        ]
        assert firsts[0] == firsts[1]
        chosen[firsts[0]] += 1
    assert 0.68 < chosen["high"] / 600 < 0.78  # e / (1 + e) = 0.731


async def test_a_low_temperature_is_the_plain_order_in_both_directions() -> None:
    of = prompts("a", "bb", "ccc")
    for order, first in (("descending", "ccc"), ("ascending", "a")):
        found = await ranked(of, lambda slots: slots.length, order=order, temperature=0.001, keep=1)
        assert texts(found.members) == [first]


@given(
    sizes=st.lists(st.integers(0, 4), max_size=6),
    keep=st.none() | st.integers(0, 7),
    least=st.none() | st.integers(0, 4),
    heat=st.none() | st.floats(0.1, 9),
)
async def test_members_and_rest_are_the_set_within_the_bound(
    sizes: list[int], keep: int | None, least: int | None, heat: float | None
) -> None:
    of = prompts(*(f"{place}" + "x" * size for place, size in enumerate(sizes)))
    params = Params(keep=keep, least=least, temperature=heat)
    found = await rank.run(Inputs(of=of), params, context(lambda slots: slots.length - 1))
    assert sorted([*texts(found.members), *texts(found.rest)]) == sorted(texts(of))
    assert [len(text) - 1 for text in texts(found.members)] == list(found.values)
    outputs = bound(Sizes({"of": Extent.exactly(len(of))}), params).outputs
    for name, size in (("members", len(found.members)), ("rest", len(found.rest)), ("values", len(found.values))):
        assert outputs[name].least <= size <= outputs[name].most
