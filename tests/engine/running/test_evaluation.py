"""The verdict on a finished search: from the held-out rows, with groups and optimism."""

from __future__ import annotations

import pytest

from promptwire.backends.scripted import ScriptedBackend, request_text
from promptwire.graph.steps import ModelCallSpec
from promptwire.running.evaluation import comparison, score_both, verdict
from promptwire.running.heldout import HeldOutScores
from promptwire.running.scoring import Scorer
from promptwire.values import Example, Examples, Prompt, Prompts
from tests.engine.sample_session import session, task

INITIAL, BEST = Prompt(text="first"), Prompt(text="second")


def numbered(count: int, groups: int = 1) -> Examples:
    return Examples.of(
        Example(input=f"x{number}", outputs=(f"x{number}",), meta={"doc": number % groups}) for number in range(count)
    )


def model(share: dict[str, int]) -> ScriptedBackend:
    """A model that is right on the inputs below a number, by the first word of the prompt."""

    def reply(request: object, key: str) -> str:
        asked = request_text(request)  # type: ignore[arg-type]
        given = asked.rsplit("Input: ", 1)[1].partition("\n")[0]
        return given if int(given[1:]) < share[asked.split()[0]] else "wrong"

    return ScriptedBackend(reply)


async def scored(share: dict[str, int], best: Prompt = BEST, *, groups: int | None = None, count: int = 40) -> HeldOutScores:
    examples = numbered(count, groups or 1)
    column = None if groups is None else "doc"
    run = session(model(share), task=task(train=examples, test=examples, group=column))
    return await score_both(run, INITIAL, best, examples.items)


@pytest.mark.parametrize(
    ("initial", "best", "kind", "changed"),
    [(10, 35, "better", (25, 0)), (35, 10, "worse", (0, 25)), (20, 22, "not shown", (2, 0)), (0, 0, "not shown", (0, 0))],
)
async def test_the_verdict_follows_the_held_out_values(initial: int, best: int, kind: str, changed: tuple[int, int]) -> None:
    found = verdict(await scored({"first": initial, "second": best}))
    assert (found.kind, found.n, (found.fixed, found.broken)) == (kind, 40, changed)
    assert found.gain == pytest.approx((best - initial) / 40)


async def test_the_same_prompt_and_no_example_have_verdicts_of_their_own() -> None:
    same = await scored({"first": 10}, INITIAL)
    assert (verdict(same).kind, verdict(same).p) == ("same prompt", None)
    none = await scored({"first": 1, "second": 1}, count=0)
    assert (verdict(none).kind, comparison(none).gain.score) == ("not scored", None)


async def test_groups_widen_the_interval_and_few_groups_give_none() -> None:
    plain, few = [await scored({"first": 15, "second": 20}, groups=groups) for groups in (None, 4)]
    assert verdict(plain).groups is None and verdict(plain).p is not None
    assert (verdict(few).kind, verdict(few).groups, verdict(few).p) == ("not shown", 4, None)
    assert (comparison(few).gain.low, comparison(few).best.low) == (None, None)
    many = await scored({"first": 15, "second": 30}, groups=20)
    gain = comparison(many).gain
    assert (gain.low, gain.high) == (verdict(many).low, verdict(many).high) and gain.low is not None


async def test_optimism_is_the_selection_score_less_the_held_out_score() -> None:
    examples = numbered(40)
    run = session(model({"first": 10, "second": 20}), task=task(train=examples, test=examples))
    before = verdict(await score_both(run, INITIAL, BEST, examples.items))
    assert (before.optimism, before.expected_optimism) == (None, None)
    seen = Examples(items=examples.items[:20])
    await Scorer(run, "search", ModelCallSpec(role="task"), {}).score(Prompts.of([INITIAL, BEST]), seen, False)
    found = verdict(await score_both(run, INITIAL, BEST, examples.items))
    assert found.optimism == pytest.approx(1.0 - 0.5)
    assert found.expected_optimism is not None and 0 < found.expected_optimism < 0.2


async def test_scores_by_another_metric_give_no_optimism() -> None:
    examples = numbered(20)
    run = session(model({"first": 10, "second": 20}), task=task(train=examples, test=examples))
    asking = ModelCallSpec(role="task", metric="contains")
    await Scorer(run, "search", asking, {}).score(Prompts.of([INITIAL, BEST]), examples, False)
    assert verdict(await score_both(run, INITIAL, BEST, examples.items)).optimism is None
