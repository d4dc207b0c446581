"""Coverage: a prompt scored on less than half of its examples wins nowhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from promptwire.node import Context
from promptwire.nodes import (
    accept,
    beam_select,
    cap,
    converged,
    filter_subset,
    history_append,
    history_select,
    parents,
    pareto,
    race,
)
from promptwire.values import Failure, FailureGroup, Failures, Prompt, Prompts, Row, Scores
from tests.nodes.fake import FakeContext, examples, prompts, scores, texts

LUCKY = [1.0, *[None] * 19]
HALF = [1.0] * 10 + [None] * 10
SOLID = [1.0] * 15 + [0.0] * 5
WORSE = [1.0] * 5 + [0.0] * 15


def table(candidate: list[float | None]) -> Scores:
    return scores({"worse": list(WORSE), "solid": list(SOLID), "candidate": candidate})


async def _beam(given: Scores, context: Context) -> Prompts:
    found = await beam_select.beam_select.run(beam_select.Inputs(scores=given), beam_select.Params(), context)
    return found.prompts  # type: ignore[no-any-return]


async def _selected(given: Scores, context: Context) -> Prompts:
    log = (
        await history_append.history_append.run(history_append.Inputs(scores=given), history_append.Params(), context)
    ).history
    found = await history_select.history_select.run(history_select.Inputs(of=log), history_select.Params(best=1), context)
    return found.prompts  # type: ignore[no-any-return]


async def _pareto(given: Scores, context: Context) -> Prompts:
    found = await pareto.pareto.run(pareto.Inputs(scores=given), pareto.Params(by=("score",)), context)
    return found.prompts  # type: ignore[no-any-return]


async def _race(given: Scores, context: Context) -> Prompts:
    inputs = race.Inputs(prompts=given.prompts, on=given.examples, scores=given)
    found = await race.race.run(inputs, race.Params(keep=1, block=20, penalty=0), context)
    return found.prompts  # type: ignore[no-any-return]


async def _tournament(given: Scores, context: Context) -> Prompts:
    """The prompt that is first most often in a tournament."""
    inputs = parents.Inputs(prompts=given.prompts, scores=given)
    params = parents.Params(n=60, size=1, policy="tournament")
    found = (await parents.parents.run(inputs, params, context)).families.items
    firsts = [family[0] for family in found]
    return Prompts(items=(max(given.prompts.items, key=firsts.count),))


async def _roulette(given: Scores, context: Context) -> Prompts:
    inputs = parents.Inputs(prompts=given.prompts, scores=given)
    found = (await parents.parents.run(inputs, parents.Params(n=300, size=1, distinct=False), context)).families.items
    firsts = [family[0] for family in found]
    return Prompts(items=(max(given.prompts.items, key=firsts.count),))


async def _accept(given: Scores, context: Context) -> Prompts:
    solid, candidate = given.prompts.items[1:]
    child = candidate.model_copy(update={"parents": (solid.id,)})
    inputs = accept.Inputs(parents=Prompts(items=(solid,)), children=Prompts(items=(child,)), scores=given)
    found = await accept.accept.run(inputs, accept.Params(strict=False), context)
    return found.prompts  # type: ignore[no-any-return]


RANKING: dict[str, Callable[[Scores, Context], Awaitable[Prompts]]] = {
    "beam-select": _beam, "history-select": _selected, "pareto": _pareto, "race": _race, "tournament": _tournament,
    "roulette": _roulette, "accept": _accept,
}  # fmt: skip


@pytest.mark.parametrize("node", RANKING)
@pytest.mark.parametrize(("candidate", "best"), [(LUCKY, "solid"), (HALF, "candidate")], ids=["one of 20", "half"])
async def test_one_lucky_row_never_wins_and_half_of_the_rows_may(node: str, candidate: list[float | None], best: str) -> None:
    given = table(candidate)
    rows = {(row.prompt, row.example): row for row in given.rows}

    def value(prompt: Prompt, example: object) -> float | None:
        row: Row | None = rows.get((prompt.id, example.id))  # type: ignore[attr-defined]
        return row.value if row else None

    found = await RANKING[node](given, FakeContext(value=value))  # type: ignore[arg-type]
    assert texts(found)[:1] == [best]


@pytest.mark.parametrize(("values", "done"), [(LUCKY, False), ([1.0] * 20, True)], ids=["one of 20", "all"])
async def test_one_lucky_row_does_not_end_a_search_as_perfect(values: list[float | None], done: bool) -> None:
    context = FakeContext()
    given = scores({"candidate": values, "solid": list(SOLID)})
    log = (
        await history_append.history_append.run(history_append.Inputs(scores=given), history_append.Params(), context)
    ).history
    assert (await converged.converged.run(converged.Inputs(log=log), converged.Params(), context)).done is done
    assert context.counts["unscored"] == (0 if done else 1)


async def test_one_lucky_row_wins_in_no_filter_stage_and_no_family() -> None:
    def value(prompt: Prompt, example: object) -> float | None:
        if prompt.text == "candidate":
            return 1.0 if example.text == "in 3" else None  # type: ignore[attr-defined]
        return {"solid": 1.0, "worse": 0.0}[prompt.text]

    context = FakeContext(value=value)  # type: ignore[arg-type]
    given = prompts("worse", "candidate", "solid")
    params = filter_subset.Params(first=10, until=1, full=False)
    filtered = await filter_subset.filter_subset.run(filter_subset.Inputs(prompts=given, on=examples(20)), params, context)
    assert texts(filtered.prompts) == ["solid"]
    parent = Prompt(text="parent")
    children = Prompts(items=tuple(one.model_copy(update={"parents": (parent.id,)}) for one in given.items))
    cases = tuple(Failure(example=example, output="", answer="", value=0.0) for example in examples(10).items)
    wrong = Failures(groups=(FailureGroup(prompt=parent, cases=cases),))
    kept = await cap.cap.run(
        cap.Inputs(prompts=children, errors=wrong), cap.Params(per_parent=2, policy="errors-only", max_errors=10), context
    )
    assert "candidate" not in texts(kept.prompts)


@pytest.mark.parametrize(
    ("child", "counted"), [([], 1), ([None] * 4, 1), ([1.0, None, None, None], 1), ([1.0, 1.0, None, None], 0), ([1.0], 0)]
)
async def test_a_child_without_comparable_rows_is_counted(child: list[float | None], counted: int) -> None:
    parent = Prompt(text="parent")
    heir = Prompt(text="heir", parents=(parent.id,))
    given = scores({"parent": [0.0] * 4, "heir": child})
    context = FakeContext()
    inputs = accept.Inputs(parents=Prompts(items=(parent,)), children=Prompts(items=(heir,)), scores=given)
    found = await accept.accept.run(inputs, accept.Params(), context)
    assert context.counts["children not compared"] == counted
    assert texts(found.prompts) == (["parent"] if counted else ["heir"])
