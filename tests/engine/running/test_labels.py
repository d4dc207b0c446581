"""Labels missing from the likeliest tokens: the fault of the prompt, or of the model."""

from __future__ import annotations

import pytest

from promptwire.backend import Completion, Request
from promptwire.backends.openai_compatible import OpenAICompatible
from promptwire.backends.scripted import ScriptedBackend, request_text
from promptwire.errors import Unsupported
from promptwire.graph.steps import ModelCallSpec
from promptwire.running.labels import MAX_CALLS
from promptwire.running.scoring import Scorer
from promptwire.running.session import Session
from promptwire.stats.prompt_score import score_of
from promptwire.tasks.task import Task
from promptwire.values import Example, Examples, Prompt, Prompts, Scores
from tests.engine.sample_session import session, task
from tests.openai_server import Server

LABELLED = Examples.of([Example(input="goal", outputs=("sports",)), Example(input="soup", outputs=("food",))])
JSON = Prompt(text="Reply in JSON: name the topic.")


def topics(initial: str = "start") -> Task:
    prompts = Prompts.of([Prompt(text=initial)])
    return task(metric="choice", labels=("sports", "food"), train=LABELLED, test=LABELLED, prompts=prompts)


def chooser(*, lists: str) -> ScriptedBackend:
    """Make a model that lists the labels for prompts with `lists` and without "JSON"."""

    def reply(request: Request, key: str) -> str | Completion:
        if lists in request_text(request) and "JSON" not in request_text(request):
            return "sports" if "goal" in request_text(request) else "food"
        return Completion(text="the label 'sports' is not among the 2 likeliest tokens", via="labels not listed")

    return ScriptedBackend(reply)


async def chosen(run: Session, *prompts: Prompt) -> Scores:
    return await Scorer(run, "here", ModelCallSpec(role="task"), {}).score(Prompts.of(prompts), LABELLED, False)


@pytest.mark.parametrize("beside", [(), (Prompt(text="start"),)], ids=["alone", "beside a good one"])
@pytest.mark.parametrize("initial", ["start", JSON.text], ids=["good initial prompt", "bad initial prompt"])
async def test_a_prompt_that_hides_the_labels_scores_0_and_is_counted(beside: tuple[Prompt, ...], initial: str) -> None:
    run = session(chooser(lists=""), task=topics(initial))
    scores = await chosen(run, JSON, *beside)
    assert score_of(JSON, scores) == 0.0
    assert [row.readable for row in scores.rows[:2]] == [False, False]
    assert run.counts["here", "unreadable"] == 2
    assert all(score_of(prompt, scores) == 1.0 for prompt in beside)


async def test_a_model_that_never_lists_a_label_is_refused_after_a_few_calls() -> None:
    model = chooser(lists="nothing at all")
    run = session(model, task=topics())
    with pytest.raises(Unsupported, match="'sports' is not among the 2 likeliest tokens"):
        await chosen(run, JSON)
    assert len(model.requests) <= len(LABELLED) + MAX_CALLS


async def test_the_model_is_checked_once_in_a_run() -> None:
    model = chooser(lists="Answer with one of")
    run = session(model, task=topics())
    await chosen(run, JSON)
    before = len(model.requests)
    await chosen(run, Prompt(text="JSON again"))
    assert (before, len(model.requests)) == (len(LABELLED) + 3, before + len(LABELLED))


@pytest.mark.parametrize(
    ("top", "values"), [({"{": -0.1, "```": -3.0}, None), ({"sports": -0.1, "the": -3.0}, [1.0, 0.0])], ids=["none", "one"]
)
async def test_over_http_the_listed_labels_decide(top: dict[str, float], values: list[float] | None) -> None:
    async with Server().running() as server:
        server.top = top
        run = session(OpenAICompatible("m", server.url), task=topics())  # type: ignore[arg-type]
        if values is None:
            with pytest.raises(Unsupported, match="likeliest tokens"):
                await chosen(run, JSON)
        else:
            assert [row.value for row in (await chosen(run, JSON)).rows] == values
        await run.gateway.close()
