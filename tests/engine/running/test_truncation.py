"""Replies with reasoning and cut-off replies: scores, prompts and warnings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Completion, Settings
from promptwire.backends.scripted import ScriptedBackend, request_text
from promptwire.documents import resources
from promptwire.graph.steps import ModelCallSpec
from promptwire.running.scoring import Scorer
from promptwire.running.session import Session
from promptwire.running.truncation import Truncations
from promptwire.templating.parsing import Parse
from promptwire.values import Example, Examples, Prompt, Prompts, Row
from tests.engine.running.test_node_call import answers
from tests.engine.sample_session import session, task

TAGGED = "---\nsettings: {{max_tokens: 9}}\nparse: {{tag: x, fallback: {fallback}}}\n---\n{{{{ prompt }}}}"


async def row(reply: Completion, *, gold: str = "positive", **changes: Any) -> tuple[Row, Session]:
    """Score one example with this reply; return its row and the session."""
    one = Examples.of([Example(input="fine", outputs=(gold,))])
    settings = Settings(max_tokens=8)
    made = task(train=one, test=one, settings=settings, **changes)
    run = session(ScriptedBackend(lambda request, key: reply), task=made)
    scores = await Scorer(run, "here", ModelCallSpec(role="task"), {}).score(Prompts.of([Prompt(text="p")]), one, False)
    return scores.rows[0], run


@pytest.mark.parametrize(
    ("metric", "gold", "reply", "value"),
    [
        ("exact", "positive", "positive", 1.0),
        ("exact", "positive", "Positive\nThe review", 1.0),
        ("exact", "positive", "Positive. The rev", 1.0),
        ("contains", "positive", "Positive, because the", 1.0),
        ("multiple-choice", "B", "B", 1.0),
        ("multiple-choice", "B", "B) Paris, as the", 1.0),
        ("f1", "sea lion", "a sea lion and", 2 / 3),
        ("numeric", "42", "$42.", 1.0),
        ("numeric", "42", "42 apples, since", 1.0),
    ],
)
async def test_an_answer_at_the_start_of_a_cut_off_reply_scores(metric: str, gold: str, reply: str, value: float) -> None:
    found, run = await row(Completion(reply, finish="length"), gold=gold, metric=metric)
    assert (found.value, found.readable) == (pytest.approx(value), True)
    assert (run.counts["here", "cut off"], list(run.truncations.notes())) == (0, [])


@pytest.mark.parametrize(
    ("metric", "gold", "reply"),
    [
        ("exact", "positive", "The review says"),
        ("exact", "positive", "negative, I"),
        ("contains", "positive", "Let us think.\nIt is not positive, so"),
        ("multiple-choice", "A", "Let us see. Option (A) says that"),
        ("numeric", "3", "First, 8 - 5 = 3 apples. Then"),
        ("numeric", "42", "42"),
        ("exact", "positive", "<think>positive"),
        ("exact", "positive", ""),
    ],
)
@pytest.mark.parametrize("finish", ["length", "max_tokens", "MAX_TOKENS", "model_length"])
async def test_a_reply_cut_off_before_its_answer_is_unreadable_and_counted(
    metric: str, gold: str, reply: str, finish: str
) -> None:
    found, run = await row(Completion(reply, finish=finish), gold=gold, metric=metric)
    assert (found.value, found.readable, found.answer) == (0.0, False, "")
    assert (run.counts["here", "cut off"], run.counts["here", "unreadable"]) == (1, 1)
    assert list(run.truncations.notes()) == ["warning: here: the one reply was cut off at max_tokens=8: raise it"]


async def test_a_complete_marked_answer_in_a_cut_off_reply_scores() -> None:
    parse = Parse(tag="answer")
    found, _ = await row(Completion("<answer>positive</answer> as the", finish="length"), parse=parse)
    assert (found.value, found.readable) == (1.0, True)
    found, _ = await row(Completion("<answer>positive", finish="length"), parse=parse)
    assert (found.value, found.readable) == (0.0, False)


async def test_a_judge_is_not_asked_about_a_cut_off_reply() -> None:
    rubric = str(resources.template_path("task/judge.j2"))
    found, run = await row(Completion("A long story", finish="length"), metric="judge", rubric=rubric)
    assert (found.readable, run.gateway.usage.total.new) == (False, 1)


async def test_reasoning_is_kept_out_of_rows_and_judge_requests() -> None:
    asked: list[str] = []

    def reply(request: Any, key: str) -> str:
        asked.append(request_text(request))
        return "<think>0.1?</think>Good.<grade>0.5</grade>" if "Grade" in asked[-1] else "<think>secret</think>fine"

    one = Examples.of([Example(input="x", outputs=("fine",))])
    judged = task(train=one, test=one, metric="judge", rubric=str(resources.template_path("task/judge.j2")))
    run = session(ScriptedBackend(reply), task=judged)
    scores = await Scorer(run, "here", ModelCallSpec(role="task"), {}).score(Prompts.of([Prompt(text="p")]), one, False)
    (found,) = scores.rows
    assert (found.output, found.answer, found.value, found.feedback) == ("fine", "fine", 0.5, "Good.")
    assert "secret" not in asked[1]


@pytest.mark.parametrize("fallback", ["drop", "raw"])
@pytest.mark.parametrize("text", ["A prompt that is cu", "<x>A prompt that is cu", "<think>I shall write <x>A prompt</x>"])
async def test_a_cut_off_reply_never_becomes_a_prompt(tmp_path: Path, fallback: str, text: str) -> None:
    model = ScriptedBackend(lambda request, key: Completion(text, finish="length"))
    run = session(model)
    assert await answers(tmp_path, TAGGED.format(fallback=fallback), model, run=run, params={"n": 3}) == []
    assert run.counts["here", "cut off"] == 3
    assert list(run.truncations.notes()) == ["warning: here: all 3 replies were cut off at max_tokens=9: raise it"]


async def test_reasoning_is_dropped_from_prompts_and_from_the_conversation(tmp_path: Path) -> None:
    model = ScriptedBackend(lambda request, key: "<think>I could write <x>draft</x></think><x>real</X>")
    run = session(model)
    found = await answers(tmp_path, TAGGED.format(fallback="drop"), model, run=run, params={"twice": True})
    assert found == ["real"]
    assert model.requests[1].messages[1].content == "<x>real</X>"
    assert run.counts["here", "marks mended"] == 2


def test_only_a_step_with_every_reply_cut_off_is_reported() -> None:
    seen = Truncations()
    for path, limit, cut in [("a", 5, True), ("a", 5, False), ("b", None, True), ("b", None, True), ("c", 5, False)]:
        seen.add(path, limit, cut=cut)
    assert list(seen.notes()) == ["warning: b: all 2 replies were cut off at the model's own limit: set max_tokens"]
