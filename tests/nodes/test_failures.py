"""failures groups what each prompt got wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.bounds import Extent, Sizes
from promptwire.errors import NodeError
from promptwire.nodes.failures import Inputs, Params, bound, failures
from promptwire.values import Critique, Critiques, Example, Examples, Failure, FailureGroup, Prompts, Row, Scores
from tests.nodes.fake import FakeContext, prompts, scores


async def groups(table: Scores, **params: object) -> tuple[FailureGroup, ...]:
    found = await failures.run(Inputs(of=table), Params(**params), FakeContext())
    return found.failures.groups  # type: ignore[no-any-return]


async def test_each_prompt_has_its_groups_of_wrong_rows() -> None:
    found = await groups(scores({"a": [0, 0, 0, 1], "b": [0, 1, 1, 0]}), groups=2, size=2)
    assert [group.prompt.text for group in found] == ["a", "a", "b", "b"]
    assert all(len(group.cases) == 2 and all(case.value == 0 for case in group.cases) for group in found)


async def test_fewer_failures_than_asked_for_make_smaller_groups() -> None:
    found = await groups(scores({"a": [0, 1]}), groups=3, size=4)
    assert [len(group.cases) for group in found] == [1, 1, 1]


async def test_a_prompt_without_failures_has_no_group_and_is_counted() -> None:
    context = FakeContext()
    found = await failures.run(Inputs(of=scores({"a": [1, 1]})), Params(), context)
    assert (len(found.failures), context.counts["prompts without failures"]) == (0, 1)


async def test_worst_shares_the_lowest_values_out() -> None:
    found = await groups(scores({"a": [0.5, 0.1, 0.3, 0.9]}), groups=2, size=2, policy="worst")
    assert [[case.value for case in group.cases] for group in found] == [[0.1, 0.3], [0.5, 0.9]]


async def test_worst_makes_no_empty_groups() -> None:
    assert len(await groups(scores({"a": [0, 1]}), groups=4, size=2, policy="worst")) == 1


@pytest.mark.parametrize(("below", "wrong"), [(None, 2), (0.4, 1)])
async def test_below_moves_the_bar(below: float | None, wrong: int) -> None:
    (group,) = await groups(scores({"a": [0.3, 0.7, 1.0]}), below=below)
    assert len(group.cases) == wrong


async def test_without_a_perfect_value_a_prompt_fails_below_its_own_mean() -> None:
    table = scores({"a": [-4.0, -1.0, -1.0]})
    logs = Scores(perfect=None, prompts=table.prompts, examples=table.examples, rows=table.rows)
    (group,) = await groups(logs)
    assert [case.value for case in group.cases] == [-4.0]


@pytest.mark.parametrize(
    ("right", "shown"), [("never", [1, 0]), ("beside", [3, 0]), ("always", [3, 2]), ("instead", [1, 2]), ("only", [2, 2])]
)
async def test_right_answers_are_drawn_never_beside_or_instead_of_wrong_ones_always_or_only_they(
    right: str, shown: list[int]
) -> None:
    """`beside` leaves out a prompt that got all right; `always` and `instead` have groups for it too."""
    found = await groups(scores({"a": [1, 0, 1], "b": [1, 1]}), size=9, right=right)
    cases = {group.prompt.text: len(group.cases) for group in found}
    assert [cases.get(text, 0) for text in ("a", "b")] == shown


async def test_with_right_answers_the_worst_still_come_first() -> None:
    found = await groups(scores({"a": [1, 0, 0.5]}), groups=3, size=1, policy="worst", right="always")
    assert [case.value for group in found for case in group.cases] == [0, 0.5, 1]


async def test_no_scores_have_no_groups() -> None:
    assert await groups(Scores()) == ()


def confused(*pairs: tuple[str, str]) -> Scores:
    """Scores of one prompt that gave each second word where the first was expected."""
    shown = Examples(items=tuple(Example(input=f"in {n}", outputs=(right,)) for n, (right, _) in enumerate(pairs)))
    (prompt,) = prompts("p").items
    rows = tuple(
        Row(prompt.id, example.id, said, said, float(said.strip().lower() == example.output))
        for example, (_, said) in zip(shown.items, pairs, strict=True)
    )
    return Scores(prompts=Prompts(items=(prompt,)), examples=shown, rows=rows)


ANSWERS = (("spam", "ham"), ("ham", "ham"), ("ham", "spam"), ("spam", " Ham"), ("spam", ""), ("offer", "ham"))


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("pair", {"spam -> ham": 2, "ham -> spam": 1, "spam -> (unreadable)": 1, "offer -> ham": 1}),
        ("label", {"spam": 3, "ham": 1, "offer": 1}),
    ],
)
async def test_groups_of_a_kind_hold_each_failure_once_and_the_largest_comes_first(by: str, names: dict[str, int]) -> None:
    found = await groups(confused(*ANSWERS), by=by)
    assert [(group.name, len(group.cases)) for group in found] == list(names.items())
    assert sum(names.values()) == len({case.example.id for group in found for case in group.cases}) == 5


async def test_of_many_kinds_the_largest_are_kept_and_each_is_cut_to_its_size() -> None:
    found = await groups(confused(*ANSWERS), by="label", groups=1, size=2)
    assert [(group.name, len(group.cases)) for group in found] == [("spam", 2)]


async def test_drawn_groups_have_no_name_and_no_place_for_it_in_json() -> None:
    found = await groups(confused(*ANSWERS))
    assert "name" not in found[0].model_dump(mode="json")


@given(pairs=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("abc")), min_size=1, max_size=8), most=st.integers(1, 4))
async def test_the_bound_holds_for_groups_of_a_kind(pairs: list[tuple[str, str]], most: int) -> None:
    params = Params(by="pair", groups=most, size=2)
    found = (await failures.run(Inputs(of=confused(*pairs)), params, FakeContext())).failures
    limit = bound(Sizes({"of": Extent(1, 1, len(pairs))}), params).outputs["failures"]
    assert len(found) <= limit.most and all(len(group.cases) <= limit.inside for group in found.groups)


def called(table: Scores, *kinds: str) -> Critiques:
    """One critique for each failure of the first prompt, in their order."""
    found = groups_of(table)
    return Critiques(
        items=tuple(
            Critique(text=text, prompt=found.prompt, cases=(case,)) for text, case in zip(kinds, found.cases, strict=False)
        )
    )


def groups_of(table: Scores) -> FailureGroup:
    examples = {example.id: example for example in table.examples.items}
    wrong = tuple(
        Failure(example=examples[row.example], output=row.output, answer=row.answer, value=row.value)
        for row in table.rows
        if row.value < 1
    )
    return FailureGroup(prompt=table.prompts.items[0], cases=wrong)


@pytest.mark.parametrize(
    ("alike", "sizes"),
    [
        (1.0, {"misses the date": 2, "a name is missing": 1, "misses the end date": 1}),
        (0.7, {"misses the date": 3, "a name is missing": 1}),
    ],
)
async def test_failures_are_grouped_by_what_critiques_say_and_alike_names_are_one(alike: float, sizes: dict[str, int]) -> None:
    table = confused(*ANSWERS)
    kinds = called(table, "Misses the date.", "a name is missing", "misses the  date", "misses the end date")
    params = Params(by="critique", alike=alike, size=9)
    found = (await failures.run(Inputs(of=table, critiques=kinds), params, FakeContext())).failures
    assert {group.name.rstrip("."): len(group.cases) for group in found.groups} == sizes
    limit = bound(Sizes({"of": Extent(1, 1, 6), "critiques": Extent(0, 2)}), params).outputs["failures"]
    assert (limit.least, limit.most) == (0, 2)


async def test_failures_without_a_critique_are_in_no_group() -> None:
    table = confused(*ANSWERS)
    inputs = Inputs(of=table, critiques=called(table, "one kind"))
    found = (await failures.run(inputs, Params(by="critique"), FakeContext())).failures
    assert [(group.name, len(group.cases)) for group in found.groups] == [("one kind", 1)]
    with pytest.raises(NodeError, match="by: critique needs `critiques`"):
        await groups(table, by="critique")
