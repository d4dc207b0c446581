"""Judge without a grade: it is asked again, then the answer is left out and the run continues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from promptwire.backend import Completion, Request
from promptwire.backends.scripted import ScriptedBackend, request_text
from promptwire.cache.disk import ResponseCache
from promptwire.documents import resources
from promptwire.errors import RequestRefused
from promptwire.gateway.budget import Budget
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.trace import Trace
from promptwire.graph.steps import ModelCallSpec
from promptwire.limits import Limits
from promptwire.running.scoring import Scorer
from promptwire.running.session import Session
from promptwire.stats.prompt_score import score_of
from promptwire.tasks.task import Task
from promptwire.values import Prompt, Prompts, Scores
from tests.engine.sample_session import session, task

PROMPTS = Prompts.of([Prompt(text="first")])
NO_GRADE = ["I can't assess this.", "", "<grade>", "<grade></grade>", "<grade>excellent</grade>", "<grade>85</grade>"]


def judged() -> Task:
    return task(metric="judge", rubric=str(resources.template_path("task/judge.j2")))


class Bench(ScriptedBackend):
    """Make a judge that first replies with `bad` verdicts about the input x3, then `good`; for other inputs `good` at once."""

    def __init__(self, verdict: str, *, bad: int) -> None:
        super().__init__(self.reply)
        self.verdict, self.bad = verdict, bad
        self.keys: list[str] = []

    def reply(self, request: Request, key: str) -> str:
        if "Grade one answer" not in request_text(request):
            return "some answer"
        if "x3" in request_text(request):
            self.keys.append(key)
            if len(self.keys) <= self.bad:
                return self.verdict
        return "Fair. <grade>0.25</grade>"


class Priced(Bench):
    """Make answers and grades that take 25 tokens and a cent each."""

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        return [replace(one, tokens_in=20, tokens_out=5, usd=0.01) for one in await super().call(request, keys=keys)]


async def graded(model: Bench, run: Session | None = None) -> tuple[Scores, Session]:
    run = run or session(model, task=judged())
    return await Scorer(run, "here", ModelCallSpec(role="task"), {}).score(PROMPTS, run.task.train, False), run


@pytest.mark.parametrize("verdict", NO_GRADE)
@pytest.mark.parametrize("bad", [1, 3])
async def test_a_judge_without_a_grade_is_asked_for_another_sample(verdict: str, bad: int) -> None:
    model = Bench(verdict, bad=bad)
    scores, run = await graded(model)
    assert [row.value for row in scores.rows] == [0.25] * 6
    assert len(set(model.keys)) == bad + 1
    assert run.counts["here", "judge asked again"] == bad
    assert run.counts["here", "left out without a grade"] == 0


@pytest.mark.parametrize("verdict", NO_GRADE)
async def test_an_answer_without_a_grade_is_left_out_and_counted(verdict: str) -> None:
    model = Bench(verdict, bad=99)
    scores, run = await graded(model)
    (lost,) = [example.id for example in run.task.train.items if example.text == "x3"]
    assert (len(scores.rows), scores.missing) == (5, ((PROMPTS.items[0].id, lost),))
    assert score_of(PROMPTS.items[0], scores) == 0.25
    assert len(model.keys) == 4
    assert run.counts["here", "left out without a grade"] == 1
    assert run.ungraded_replies == {"here": verdict}


@pytest.mark.parametrize("bad", [2, 99])
async def test_a_second_run_makes_no_new_call_and_gives_the_same_scores(tmp_path: Path, bad: int) -> None:
    found = []
    for _ in range(2):
        model = Bench("no grade", bad=bad)
        cache, trace = ResponseCache(tmp_path), Trace(None)
        gateway = Gateway(cache=cache, budget=Budget(None), trace=trace)
        models = {"task": model, "judge": model}
        scores, _ = await graded(model, Session(judged(), models, gateway, trace))  # type: ignore[arg-type]
        await gateway.close()
        cache.close()
        found.append((scores, len(model.requests)))
    assert found[0][0] == found[1][0]
    assert found[0][1] > found[1][1] == 0


@pytest.mark.parametrize("role", ["task", "judge"])
async def test_an_answer_that_the_judge_refuses_is_left_out(role: str) -> None:
    def reply(request: Request, key: str) -> str:
        judging = "Grade one answer" in request_text(request)
        if judging is (role == "judge") and "x3" in request_text(request):
            raise RequestRefused("HTTP 400: no")
        return "<grade>0.25</grade>" if judging else "some answer"

    run = session(ScriptedBackend(reply), task=judged())
    scores = await Scorer(run, "here", ModelCallSpec(role="task"), {}).score(PROMPTS, run.task.train, False)
    assert ([row.value for row in scores.rows], run.counts["here", "refused"]) == ([0.25] * 5, 1)


@pytest.mark.parametrize(("limits", "rows"), [(Limits(calls=7), 3), (Limits(tokens=200), 1), (Limits(usd=0.075), 4)])
async def test_a_limit_leaves_answers_with_their_grades(limits: Limits, rows: int) -> None:
    model = Priced("", bad=0)
    run = session(model, task=judged(), limits=limits)
    scores = await Scorer(run, "here", ModelCallSpec(role="task"), {}).score(PROMPTS, run.task.train, True)
    assert [row.value for row in scores.rows] == [0.25] * rows


async def test_a_judge_that_never_grades_leaves_the_prompt_unscored() -> None:
    scores, run = await graded(
        Bench("no grade", bad=99), session(ScriptedBackend(lambda request, key: "no grade"), task=judged())
    )
    assert score_of(PROMPTS.items[0], scores) is None
    assert run.counts["here", "left out without a grade"] == 6
