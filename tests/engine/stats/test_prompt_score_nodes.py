"""Nodes rank by the metric's score of all rows: the prompt that knows the rare label wins, not the one with the better mean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from promptwire.node import Context
from promptwire.nodes import accept, beam_select, filter_subset, history_append, history_select, parents, pareto, race
from promptwire.values import Examples, Prompt, Prompts, Row, Scores
from tests.nodes.fake import FakeContext, examples, prompts, texts

TRUTHS = ["a"] * 16 + ["b"] * 4
COMMON = ["a"] * 20
"""Answers of a prompt with a mean of 0.8 and a balanced accuracy of 0.5."""
BALANCED = ["b"] * 6 + ["a"] * 10 + ["b"] * 4
"""Answers of a prompt with a mean of 0.7 and a balanced accuracy of 0.81."""
GIVEN, SHOWN = prompts("common", "balanced"), examples(20)


def rows() -> dict[tuple[str, str], Row]:
    """The rows of both prompts."""
    found = {}
    for prompt, answers in zip(GIVEN.items, (COMMON, BALANCED), strict=True):
        for example, truth, answer in zip(SHOWN.items, TRUTHS, answers, strict=True):
            found[prompt.id, example.id] = Row(prompt.id, example.id, answer, answer, float(truth == answer), truth=truth)
    return found


class Labelled(FakeContext):
    """Gives the rows above under a metric's name."""

    def __init__(self, metric: str) -> None:
        super().__init__()
        self.metric = metric

    async def score(self, prompts: Prompts, examples: Examples, *, partial: bool = False, repeats: int = 1) -> Scores:
        known = rows()
        found = tuple(known[prompt.id, example.id] for prompt in prompts.items for example in examples.items)
        return Scores(metric=self.metric, prompts=prompts, examples=examples, rows=found)


def table(metric: str) -> Scores:
    """The rows above as scores by `metric`."""
    return Scores(metric=metric, prompts=GIVEN, examples=SHOWN, rows=tuple(rows().values()))


async def _given(metric: str, context: Context) -> Prompts:
    found = await beam_select.beam_select.run(beam_select.Inputs(scores=table(metric)), beam_select.Params(), context)
    return found.prompts  # type: ignore[no-any-return]


def _policy(policy: str) -> Callable[[str, Context], Awaitable[Prompts]]:
    async def select(metric: str, context: Context) -> Prompts:
        inputs = beam_select.Inputs(prompts=GIVEN, on=SHOWN)
        params = beam_select.Params.model_validate({"policy": policy, "pulls": 40, "batch": 10, "c": 0.1})
        return (await beam_select.beam_select.run(inputs, params, context)).prompts  # type: ignore[no-any-return]

    return select


async def _history(metric: str, context: Context) -> Prompts:
    inputs = history_append.Inputs(scores=table(metric))
    log = (await history_append.history_append.run(inputs, history_append.Params(), context)).history
    found = await history_select.history_select.run(history_select.Inputs(of=log), history_select.Params(best=1), context)
    return found.prompts  # type: ignore[no-any-return]


async def _pareto(metric: str, context: Context) -> Prompts:
    found = await pareto.pareto.run(pareto.Inputs(scores=table(metric)), pareto.Params(by=("score",)), context)
    return found.prompts  # type: ignore[no-any-return]


async def _race(metric: str, context: Context) -> Prompts:
    params = race.Params(keep=1, block=20, penalty=0, alpha=0.3)
    found = await race.race.run(race.Inputs(prompts=GIVEN, on=SHOWN), params, context)
    return found.prompts  # type: ignore[no-any-return]


async def _filtered(metric: str, context: Context) -> Prompts:
    found = await filter_subset.filter_subset.run(
        filter_subset.Inputs(prompts=GIVEN, on=SHOWN), filter_subset.Params(first=20, until=1), context
    )
    return found.prompts  # type: ignore[no-any-return]


async def _accepted(metric: str, context: Context) -> Prompts:
    common, balanced = GIVEN.items
    child = Prompt(text=balanced.text, parents=(common.id,))
    inputs = accept.Inputs(parents=Prompts(items=(common,)), children=Prompts(items=(child,)), scores=table(metric))
    return (await accept.accept.run(inputs, accept.Params(), context)).prompts  # type: ignore[no-any-return]


def _drawn(policy: str) -> Callable[[str, Context], Awaitable[Prompts]]:
    async def first(metric: str, context: Context) -> Prompts:
        params = parents.Params.model_validate({"n": 300, "size": 1, "policy": policy, "distinct": policy == "tournament"})
        found = await parents.parents.run(parents.Inputs(prompts=GIVEN, scores=table(metric)), params, context)
        firsts = [family[0] for family in found.families.items]
        return Prompts(items=(max(GIVEN.items, key=firsts.count),))

    return first


NODES: dict[str, Callable[[str, Context], Awaitable[Prompts]]] = {
    "beam-select of scores": _given,
    **{policy: _policy(policy) for policy in ("top", "uniform", "ucb", "ucb-e", "successive-rejects", "successive-halving")},
    "history": _history,
    "pareto": _pareto,
    "race": _race,
    "filter-subset": _filtered,
    "accept": _accepted,
    "tournament": _drawn("tournament"),
    "roulette": _drawn("roulette"),
}


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("metric", ["balanced-accuracy", "macro-f1/choice"])
async def test_a_node_ranks_by_the_statistic_of_all_rows(node: str, metric: str) -> None:
    assert texts(await NODES[node](metric, Labelled(metric)))[:1] == ["balanced"]


@pytest.mark.parametrize("node", NODES)
async def test_the_same_rows_rank_by_their_mean_under_other_metrics(node: str) -> None:
    assert texts(await NODES[node]("exact", Labelled("exact")))[:1] == ["common"]


async def test_a_history_of_correlations_has_their_scale() -> None:
    inputs = history_append.Inputs(scores=table("matthews"))
    log = (await history_append.history_append.run(inputs, history_append.Params(), FakeContext())).history
    assert (log.scale, [entry.scale for entry in log.entries]) == ((-1.0, 1.0), [(-1.0, 1.0)] * 2)
