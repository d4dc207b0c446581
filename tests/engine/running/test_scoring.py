"""Scoring: rows from replies, labels, likelihoods and grades, and failed calls."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend, request_text
from promptwire.errors import LimitReached, RequestRefused, TransientError, Unsupported, UsageError
from promptwire.gateway.retry import RetryPolicy
from promptwire.graph.steps import ModelCallSpec
from promptwire.limits import Limits
from promptwire.running.scoring import Scorer
from promptwire.running.session import Session
from promptwire.stats.prompt_score import score_of
from promptwire.templating.parsing import Parse
from promptwire.values import Example, Examples, Prompt, Prompts, Scores
from tests.engine.sample_session import session, task

PROMPTS = Prompts.of([Prompt(text="first"), Prompt(text="second")])


def last_line(request: Request) -> str:
    """The input of a request made with the shipped chat template."""
    return request_text(request).rsplit("Input: ", 1)[1].partition("\n")[0]


async def scored(model: ScriptedBackend, *, asking: ModelCallSpec | None = None, partial: bool = False, **rest: Any) -> Scores:
    run = session(model, **rest)
    scorer = Scorer(run, "here", asking or ModelCallSpec(role="task"), {})
    return await scorer.score(PROMPTS, run.task.train, partial)


async def test_every_pair_has_a_row_in_the_written_order() -> None:
    model = ScriptedBackend(lambda request, key: last_line(request) if request_text(request).startswith("first") else "wrong")
    scores = await scored(model)
    assert [row.prompt for row in scores.rows] == [prompt.id for prompt in PROMPTS.items for _ in range(6)]
    assert [score_of(prompt, scores) for prompt in PROMPTS.items] == [1.0, 0.0]


async def test_all_pairs_are_in_flight_together() -> None:
    model = ScriptedBackend(lambda request, key: "x", latency=0.001)
    await scored(model)
    assert model.peak == 12


async def test_the_task_model_is_asked_at_temperature_0() -> None:
    model = ScriptedBackend(lambda request, key: "x")
    await scored(model)
    assert {request.settings.temperature for request in model.requests} == {0.0}


async def test_an_unreadable_reply_scores_0_and_is_counted() -> None:
    model = ScriptedBackend(lambda request, key: "no tag here")
    run = session(model, task=task(parse=Parse(tag="answer")))
    scores = await Scorer(run, "here", ModelCallSpec(role="task"), {}).score(PROMPTS, run.task.train, False)
    assert {(row.value, row.readable, row.answer, row.output) for row in scores.rows} == {(0.0, False, "", "no tag here")}
    assert run.counts["here", "unreadable"] == 12


async def test_a_failed_call_has_no_row_instead_of_a_score_of_0() -> None:
    def flaky(request: Request, key: str) -> str:
        if last_line(request) == "x3":
            raise TransientError("down")
        return last_line(request)

    scores = await scored(ScriptedBackend(flaky), asking=ModelCallSpec(role="task", on_error="skip"))
    assert [len(scores.values(prompt)) for prompt in PROMPTS.items] == [5, 5]
    assert {row.value for row in scores.rows} == {1.0}
    with pytest.raises(TransientError, match="down"):
        await scored(ScriptedBackend(flaky))


def failing_until(good: int) -> ScriptedBackend:
    """Make a model whose calls succeed from try `good` on, counted from 1."""
    tries: Counter[str] = Counter()

    def flaky(request: Request, key: str) -> str:
        tries[key] += 1
        if tries[key] < good:
            raise TransientError("down")
        return last_line(request)

    return ScriptedBackend(flaky)


async def test_on_error_retry_tries_a_call_in_further_rounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "tests.engine.sample_session.RetryPolicy", lambda tries: RetryPolicy(tries=2, sleep=lambda seconds: asyncio.sleep(0))
    )
    asking = ModelCallSpec(role="task", on_error="retry", retries=2)
    run = session(failing_until(6))
    scores = await Scorer(run, "here", asking, {}).score(PROMPTS, run.task.train, False)
    assert [len(scores.values(prompt)) for prompt in PROMPTS.items] == [6, 6]
    count = run.gateway.usage.of("here")
    assert (count.new, count.failed, count.requests) == (12, 0, 72)
    with pytest.raises(TransientError, match="down"):
        await scored(failing_until(7), asking=asking)
    with pytest.raises(TransientError, match="down"):
        await scored(failing_until(3))


async def test_a_refused_call_is_not_retried_in_rounds() -> None:
    def refuse(request: Request, key: str) -> str:
        raise RequestRefused("never")

    model = ScriptedBackend(refuse)
    with pytest.raises(RequestRefused, match="never"):
        await scored(model, asking=ModelCallSpec(role="task", on_error="retry"))
    assert len(model.requests) <= 12


def picky(*inputs: str, of: str = "") -> ScriptedBackend:
    """Make a model that refuses these inputs with HTTP 400, for the prompt `of` or for all."""

    def reply(request: Request, key: str) -> str:
        if last_line(request) in inputs and request_text(request).startswith(of):
            raise RequestRefused("HTTP 400: no")
        return last_line(request)

    return ScriptedBackend(reply)


async def test_a_refused_call_has_no_row_and_the_others_count() -> None:
    run = session(model := picky("x3"))
    scores = await Scorer(run, "here", ModelCallSpec(role="task"), {}).score(PROMPTS, run.task.train, False)
    assert [len(scores.values(prompt)) for prompt in PROMPTS.items] == [5, 5]
    assert (len(scores.missing), len(model.requests)) == (2, 12)
    assert (run.counts["here", "refused"], run.refusals) == (2, {"here": "HTTP 400: no"})


async def test_a_prompt_that_is_always_refused_has_no_score_once_the_endpoint_has_answered() -> None:
    every = [f"x{number}" for number in range(6)]
    scores = await scored(picky(*every, of="second"))
    assert [score_of(prompt, scores) for prompt in PROMPTS.items] == [1.0, None]
    with pytest.raises(RequestRefused, match="HTTP 400"):
        await scored(picky(*every))


async def test_a_limit_leaves_the_rows_written_first() -> None:
    model = ScriptedBackend(lambda request, key: last_line(request))
    scores = await scored(model, partial=True, limits=Limits(calls=8))
    assert [len(scores.values(prompt)) for prompt in PROMPTS.items] == [6, 2]
    with pytest.raises(LimitReached):
        await scored(ScriptedBackend(lambda request, key: "x"), limits=Limits(calls=8))


LABELLED = Examples.of([Example(input="goal", outputs=("sports",)), Example(input="soup", outputs=("food",))])


async def test_choice_takes_the_likeliest_label_and_keeps_the_right_ones_likelihood() -> None:
    model = ScriptedBackend(lambda request, key: "sports")
    chosen = task(metric="choice", labels=("sports", "food"), train=LABELLED, test=LABELLED)
    scores = await scored(model, task=chosen)
    assert [(row.answer, row.value) for row in scores.rows][:2] == [("sports", 1.0), ("sports", 0.0)]
    likely = [row.likelihood for row in scores.rows][:2]
    assert likely[0] is not None and likely[1] is not None and likely[0] > likely[1]
    assert {request.kind for request in model.requests} == {"choose"}


async def test_the_first_of_equally_likely_labels_is_taken() -> None:
    model = ScriptedBackend(lambda request, key: Completion(weights=(-0.7, -0.7)))
    scores = await scored(model, task=task(metric="choice", labels=("food", "sports"), train=LABELLED, test=LABELLED))
    assert {row.answer for row in scores.rows} == {"food"}


async def test_a_likelihood_is_the_mean_over_the_answers_tokens() -> None:
    model = ScriptedBackend(lambda request, key: Completion(weights=(-1.0, -3.0)))
    scores = await scored(model, task=task(metric="logprob"))
    assert {row.value for row in scores.rows} == {-2.0}
    assert scores.perfect is None


@pytest.mark.parametrize("verdict", ["Fair. <grade>0.25</grade>", "Fair.\n<GRADE>0.25</GRADE>"])
async def test_a_judge_grades_the_task_models_answer(verdict: str) -> None:
    def reply(request: Request, key: str) -> str:
        return verdict if "Grade one answer" in request_text(request) else "some answer"

    from promptwire.documents import resources

    judged = task(metric="judge", rubric=str(resources.template_path("task/judge.j2")))
    rows = (await scored(ScriptedBackend(reply), task=judged)).rows
    assert {(row.value, row.feedback) for row in rows} == {(0.25, "Fair.")}


@pytest.mark.parametrize(
    ("grade", "value"), [("3/10", 0.3), ("30%", 0.3), (".5", 0.5), ("0,5", 0.5), ("2 out of 10", 0.2), ("1", 1.0), ("0", 0.0)]
)
async def test_a_judges_grade_is_read_with_its_scale(grade: str, value: float) -> None:
    from promptwire.documents import resources

    judged = task(metric="judge", rubric=str(resources.template_path("task/judge.j2")))
    rows = (await scored(ScriptedBackend(lambda request, key: f"So. <grade>{grade}</grade>"), task=judged)).rows
    assert [row.value for row in rows] == [pytest.approx(value)] * 12


class Mute(ScriptedBackend):
    """A model without log-probabilities."""

    def supports(self, kind: str, *, chat: bool) -> str:
        return "mute gives no log-probabilities" if kind in ("choose", "logprob") else ""


async def test_a_model_without_log_probabilities_is_refused_before_the_first_call() -> None:
    model = Mute(lambda request, key: "x")
    with pytest.raises(Unsupported, match="the metric 'logprob' needs it"):
        await scored(model, task=task(metric="logprob"))
    assert model.requests == []


async def test_data_unfit_for_the_metric_are_refused_before_the_first_call() -> None:
    model = ScriptedBackend(lambda request, key: "x")
    with pytest.raises(UsageError, match="can't be scored with the metric 'choice'"):
        await scored(model, task=task(metric="choice"))
    assert model.requests == []


SUMS = Examples.of([Example(input="8 - 5", outputs=("8",)), Example(input="3 + 1", outputs=("4",))])


async def test_a_row_holds_the_answer_read_and_the_reply() -> None:
    counted = task(metric="numeric", train=SUMS, test=SUMS)
    model = ScriptedBackend(
        lambda request, key: "It is 8. (Check: 8 - 5 = 3)" if last_line(request) == "8 - 5" else "I can't tell."
    )
    run = session(model, task=counted)
    scores = await Scorer(run, "here", ModelCallSpec(role="task"), {}).score(PROMPTS, SUMS, False)
    assert [(row.answer, row.value, row.readable) for row in scores.rows[:2]] == [("3", 0.0, True), ("", 0.0, False)]
    assert scores.rows[0].output == "It is 8. (Check: 8 - 5 = 3)"
    assert run.counts["here", "unreadable"] == 2


CLASSES = Examples.of([Example(input=f"x{number}", outputs=(("positive", "negative")[number % 2],)) for number in range(6)])


@pytest.mark.parametrize(
    ("reply", "values"),
    [("Sentiment: positive", [1, 0]), ("negative: positive", [0, 0]), ("Verdict of mine: positive", [1, 0])],
)
async def test_a_name_before_a_colon_is_read_unless_it_is_a_label_of_the_data(reply: str, values: list[float]) -> None:
    run = session(ScriptedBackend(lambda request, key: reply), task=task(train=CLASSES, test=CLASSES))
    scores = await Scorer(run, "here", ModelCallSpec(role="task"), {}).score(PROMPTS, CLASSES, False)
    assert [row.value for row in scores.rows[:2]] == values


async def repeated(model: ScriptedBackend, repeats: int, **rest: Any) -> tuple[Scores, Session]:
    run = session(model, **rest)
    scorer = Scorer(run, "here", ModelCallSpec(role="task"), {}, repeats)
    return await scorer.score(PROMPTS, run.task.train, False), run


async def test_several_answers_make_one_row_with_their_mean_and_the_worst_of_them() -> None:
    def every_third_wrong(request: Request, key: str) -> str:
        turn = seen[request_text(request)] = seen[request_text(request)] + 1
        return "wrong" if turn % 3 == 2 else last_line(request)

    seen: Counter[str] = Counter()
    scores, run = await repeated(ScriptedBackend(every_third_wrong), 3)
    assert len(scores.rows) == 12 and run.gateway.usage.of("here").new == 36
    row = scores.rows[0]
    assert (row.value, row.output, row.answer) == (pytest.approx(2 / 3), "wrong", "wrong")
    assert [(one.output, one.value) for one in row.repeats] == [("x0", 1.0), ("wrong", 0.0), ("x0", 1.0)]
    assert Scores.model_validate(scores.model_dump(mode="json")) == scores


async def test_each_unreadable_one_of_several_answers_is_counted() -> None:
    scores, run = await repeated(ScriptedBackend(lambda request, key: "no tag"), 2, task=task(parse=Parse(tag="answer")))
    assert (run.counts["here", "unreadable"], scores.rows[0].unreadable, scores.rows[0].readable) == (24, 2, False)


async def test_the_first_of_several_answers_is_the_one_that_a_single_answer_gets() -> None:
    keys: list[list[str]] = []
    for repeats in (1, 3):
        model = ScriptedBackend(lambda request, key: keys[-1].append(key) or "x")
        keys.append([])
        await repeated(model, repeats)
    assert len(keys[0]) == 12 and set(keys[0]) < set(keys[1])


async def test_a_limit_leaves_no_row_with_some_of_its_answers() -> None:
    run = session(ScriptedBackend(lambda request, key: last_line(request)), limits=Limits(calls=10))
    scores = await Scorer(run, "here", ModelCallSpec(role="task"), {}, 3).score(PROMPTS, run.task.train, True)
    assert [len(row.repeats) for row in scores.rows] == [3, 3, 3]
    assert len(scores.missing) == 9
