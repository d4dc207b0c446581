"""Held-out comparison: both prompts on the same examples, without those that can't be scored."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from simulated_time import leap

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend, request_text
from promptwire.documents import resources
from promptwire.errors import ContextOverflow, LimitReached, ModelError, ModelUnavailable, RequestRefused, TransientError
from promptwire.limits import Limits
from promptwire.results.report import REPORT, Comparison
from promptwire.running.evaluation import comparison, score_both
from promptwire.running.heldout import draw_examples
from promptwire.running.session import Session
from promptwire.values import Example, Examples, Prompt, Scores
from tests.engine.sample_session import session, task

INITIAL, BEST = Prompt(text="first"), Prompt(text="second")


def numbered(count: int) -> Examples:
    return Examples.of(Example(input=f"x{number}", outputs=(f"x{number}",)) for number in range(count))


def failing(fails: Callable[[str, str], Exception | Completion | None]) -> ScriptedBackend:
    """Make a model that answers right, except where `fails` returns a fault for the prompt and the input."""

    def reply(request: Request, key: str) -> str | Completion:
        asked = request_text(request)
        given = asked.rsplit("Input: ", 1)[1].partition("\n")[0]
        fault = fails(asked.split()[0], given)
        if isinstance(fault, Exception):
            raise fault
        return given if fault is None else fault

    return ScriptedBackend(reply)


async def compared(model: ScriptedBackend, count: int = 40, **rest: Any) -> tuple[Comparison, Session]:
    examples = numbered(count)
    run = session(model, task=task(train=examples, test=examples), limits=rest.pop("limits", None))
    return comparison(await score_both(run, INITIAL, BEST, draw_examples(examples), **rest)), run


@pytest.mark.parametrize(
    "fault",
    [ContextOverflow("too long"), RequestRefused("HTTP 400: no"), Completion(finish="content_filter")],
    ids=["overflow", "400", "filter"],
)
async def test_a_permanently_refused_example_is_left_out_for_both_prompts_and_named(fault: Exception | Completion) -> None:
    found, run = await compared(failing(lambda prompt, given: fault if (prompt, given) == ("second", "x7") else None))
    assert (found.initial.n, found.best.n, found.gain.n, found.initial.score, found.best.score) == (39, 39, 39, 1.0, 1.0)
    assert [one.text for one in found.left_out] == ["x7"] and found.left_out[0].why
    assert run.counts[REPORT, "left out"] == 1


async def test_the_trace_names_the_pairs_of_a_left_out_example_and_holds_one_row_for_one_prompt(tmp_path: Path) -> None:
    examples = numbered(3)
    for best, rows in ((BEST, 4), (INITIAL, 2)):
        model = failing(lambda prompt, given: RequestRefused("no") if given == "x1" else None)
        run = session(model, task=task(train=examples, test=examples), folder=tmp_path / best.text)
        await score_both(run, INITIAL, best, examples.items, split="train")
        run.trace.close()
        line = json.loads((tmp_path / best.text / "values.jsonl").read_text())
        scores = Scores.model_validate(line["outputs"]["scores"])
        assert (line["element"], len(scores.rows), len(scores.examples)) == ("train", rows, 3)
        assert scores.missing == tuple((prompt.id, examples.items[1].id) for prompt in scores.prompts.items)


async def test_refusal_of_every_example_leaves_no_score_and_no_error() -> None:
    found, _ = await compared(failing(lambda prompt, given: RequestRefused("no") if prompt == "second" else None))
    assert (found.initial.n, found.best.score, len(found.left_out)) == (0, None, 40)


@pytest.mark.parametrize("kind", [ModelUnavailable, TransientError, ModelError])
async def test_a_lost_endpoint_ends_the_comparison_but_not_for_train(kind: type[ModelError]) -> None:
    lost = failing(lambda prompt, given: kind("down") if int(given[1:]) % 2 else None)
    with pytest.raises(kind, match="down"):
        await compared(lost)
    found, _ = await compared(lost, forgiving=True)
    assert (found.best.n, found.best.score) == (found.initial.n, 1.0) and 0 < found.best.n <= 20


async def test_an_example_with_a_transient_error_is_left_out() -> None:
    found, _ = await compared(failing(lambda prompt, given: TransientError("500") if given in ("x3", "x9") else None))
    assert (found.best.n, {one.text for one in found.left_out}) == (38, {"x3", "x9"})


@pytest.mark.parametrize(("parallel", "in_a_row"), [(1, [32, 32, 8, 8]), (4, [32, 32, 8, 8]), (64, [1] * 80)])
async def test_a_model_with_few_requests_at_a_time_is_asked_prompt_by_prompt(parallel: int, in_a_row: list[int]) -> None:
    asked: list[str] = []
    model = failing(lambda prompt, given: asked.append(prompt))
    model.parallel = parallel
    found, _ = await compared(model)
    assert [len(list(same)) for _, same in groupby(asked)] == in_a_row
    assert (found.initial.n, found.best.n, found.left_out) == (40, 40, ())


async def test_an_example_that_few_at_a_time_refuse_is_left_out_for_both_prompts() -> None:
    model = failing(lambda prompt, given: RequestRefused("no") if (prompt, given) == ("second", "x7") else None)
    model.parallel = 1
    found, _ = await compared(model)
    assert (found.initial.n, found.best.n, [one.text for one in found.left_out]) == (39, 39, ["x7"])


async def test_a_limit_leaves_complete_pairs() -> None:
    right = failing(lambda prompt, given: None)
    found, run = await compared(right, limits=Limits(calls=21), partial=True)
    assert (found.initial.n, found.best.n, run.limits_hit) == (10, 10, ["the limit of 21 calls is reached, at report"])
    with pytest.raises(LimitReached):
        await compared(right, limits=Limits(calls=21))


@pytest.mark.parametrize(("calls", "pairs"), [(3, 0), (4, 1), (21, 5), (400, 40)])
async def test_a_limit_leaves_pairs_with_their_grades(calls: int, pairs: int) -> None:
    def reply(request: Request, key: str) -> str:
        return "<grade>0.5</grade>" if "Grade one answer" in request_text(request) else "x"

    examples, rubric = numbered(40), str(resources.template_path("task/judge.j2"))
    judged = task(metric="judge", rubric=rubric, train=examples, test=examples)
    run = session(ScriptedBackend(reply), task=judged, limits=Limits(calls=calls))
    found = comparison(await score_both(run, INITIAL, BEST, draw_examples(examples), partial=True))
    assert (found.initial.n, found.best.n) == (pairs, pairs)


@pytest.mark.parametrize(
    ("slots", "limits", "waits", "peak"),
    [
        (1000, None, 1, 80),
        (8, None, 10, 8),
        (1000, Limits(calls=80), 1, 80),
        (1000, Limits(calls=79), 2, 64),
        (1000, Limits(seconds=60), 2, 64),
    ],
    ids=["all at once", "as many as the model takes", "a limit that holds all", "a limit that may be reached", "unknown time"],
)
def test_rows_wait_for_others_only_where_a_limit_may_be_reached(
    slots: int, limits: Limits | None, waits: int, peak: int
) -> None:
    examples = numbered(40)
    model = ScriptedBackend(lambda request, key: "x", latency=1.0, parallel=slots)

    async def main() -> float:
        run = session(model, task=task(train=examples, test=examples), limits=limits)
        await score_both(run, INITIAL, BEST, examples.items, partial=True)
        return asyncio.get_running_loop().time()

    assert (round(leap(main())), model.peak) == (waits, peak)


def test_repeated_answers_are_graded_together() -> None:
    def reply(request: Request, key: str) -> str:
        return "<grade>0.5</grade>" if "Grade one answer" in request_text(request) else key

    examples, rubric = numbered(5), str(resources.template_path("task/judge.j2"))
    model = ScriptedBackend(reply, latency=1.0, parallel=1000)

    async def main() -> tuple[float, int]:
        judged = task(metric="judge", rubric=rubric, train=examples, test=examples, settings={"temperature": 1})
        run = session(model, task=judged, repeats=3)
        found = comparison(await score_both(run, INITIAL, BEST, examples.items))
        return asyncio.get_running_loop().time(), found.best.n

    seconds, rows = leap(main())
    assert (round(seconds), rows, len(model.requests)) == (2, 5, 5 * 2 * 3 * 2)


async def test_a_lost_endpoint_is_not_asked_for_the_rows_that_are_not_sent_yet() -> None:
    def reply(request: Request, key: str) -> str:
        raise ModelUnavailable("down")

    examples = numbered(500)
    model = ScriptedBackend(reply, latency=0.001, parallel=4)
    run = session(model, task=task(train=examples, test=examples))
    with pytest.raises(ModelUnavailable):
        await score_both(run, INITIAL, BEST, examples.items)
    await run.gateway.close()
    assert len(model.requests) < 100


async def test_repeats_are_asked_on_held_out_examples_only() -> None:
    examples = numbered(5)
    model = failing(lambda prompt, given: None)
    run = session(model, task=task(train=examples, test=examples), repeats=3)
    found = comparison(await score_both(run, INITIAL, BEST, draw_examples(examples)))
    assert (run.gateway.usage.of(REPORT).new, found.best.n, found.gain.n) == (30, 5, 5)
    await score_both(run, INITIAL, BEST, draw_examples(examples), split="train")
    assert run.gateway.usage.of(REPORT).new == 40


async def test_examples_are_scored_once_when_the_initial_prompt_is_the_best() -> None:
    examples = numbered(5)
    model = failing(lambda prompt, given: None)
    run = session(model, task=task(train=examples, test=examples))
    found = comparison(await score_both(run, BEST, BEST, draw_examples(examples)))
    assert (len(model.requests), found.gain.score, found.best.n) == (5, 0.0, 5)


def test_a_sample_does_not_depend_on_the_order_of_the_file() -> None:
    many, more = numbered(200), numbered(220)
    some = draw_examples(many, 50)
    assert some == draw_examples(Examples(items=many.items[::-1]), 50) == draw_examples(many)[:50]
    assert 15 <= sum(int(str(example.input)[1:]) >= 100 for example in some) <= 35
    assert len(set(some_ids(draw_examples(more, 50))) & set(some_ids(some))) > 40
    assert len(draw_examples(numbered(3), 50)) == 3


def some_ids(examples: tuple[Example, ...]) -> list[str]:
    return [example.id for example in examples]
