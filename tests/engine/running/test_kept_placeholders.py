"""Placeholders in a search: writers are told, a prompt that lost one is dropped, and nothing changes for other tasks."""

from __future__ import annotations

import re
from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.documents import resources
from promptwire.limits import Limits
from promptwire.running.kept_placeholders import LOST, told_of
from promptwire.tasks.task import Task
from promptwire.templating.template import Rendered
from promptwire.values import Message, Prompt, Prompts
from promptwire.values.hashing import digest
from promptwire.values.placeholders import Placeholders
from tests.pipelines.search_runs import kind_of, model, numbers, search, well_formed

TOLD = "Every prompt of this task contains the placeholder {{input}}."
PARTS = ("miprov2-expand", "protegi-expand", "protegi-small-expand")
"""Pipelines that others use: their inputs are no task's."""
QUICK = ("ape", "ape-paraphrase", "capo", "evoprompt-ga", "gepa", "opro", "pe2-small", "protegi-small", "textgrad")
"""Pipelines that each test run covers; the others are long searches."""
WRITERS = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.heavy)
    for name in resources.pipelines()
    if name not in (*PARTS, "miprov2-heavy", "miprov2-medium")
]


def filled_task(text: str = "Say {{input}} {x}.") -> Task:
    found = Placeholders.of(text, ("input",))
    return numbers(24, dev=8).model_copy(update={"prompts": Prompts.of([Prompt(text=text)]), "placeholders": found})


def forgetful(request: Request, key: str) -> str:
    """Replies of a writer that keeps the placeholder in about half of its prompts."""
    text = request.messages[-1].content if request.messages else request.prompt
    if TOLD not in text:
        try:
            return well_formed(request, key)
        except StopIteration:  # a request to the task model
            return "wrong"
    keep = "{input} " if int(digest(key, 4), 16) % 2 else ""
    return re.sub(r"text (?=[0-9a-f]{10})", f"text {keep}", well_formed(request, key))


@pytest.mark.parametrize("pipeline", WRITERS)
async def test_every_shipped_pipeline_scores_only_prompts_with_the_placeholder(pipeline: str) -> None:
    asked = model(forgetful)
    run = await search(
        pipeline, asked, filled_task(), limits=Limits(calls=300 if pipeline in ("pe2-induction", "ape-protegi-opro") else 150)
    )
    scored = list(run.session.scored_prompts._prompts.values())
    assert scored and all("{{input}}" in prompt.text for prompt in scored)
    told = [request for request in asked.requests if TOLD in str(request)]
    lost = sum(n for (_, what), n in run.session.counts.items() if what == LOST)
    assert not told or lost or len(told) < 3
    for request in asked.requests:
        text = request.messages[-1].content if request.messages else request.prompt
        if len(request.messages) == 1 and text.startswith(("Say", "text ")):
            assert "number " in text and "{{input}}" not in text and "Input:" not in text.partition("number")[0]


@pytest.mark.parametrize("pipeline", ["ape", "protegi", "opro", "ape-paraphrase"])
async def test_a_task_without_placeholders_is_asked_as_ever(pipeline: str) -> None:
    plain, braces = model(), model()
    await search(pipeline, plain, numbers(12), limits=Limits(calls=60))
    changed = numbers(12).model_copy(update={"placeholders": Placeholders(names=("input",))})
    await search(pipeline, braces, changed, limits=Limits(calls=60))
    assert plain.requests == braces.requests
    assert not any("placeholder" in str(request) for request in plain.requests)


@pytest.mark.parametrize(
    ("rendered", "note_first"),
    [
        (Rendered((Message(role="system", content="s"), Message(role="user", content="u")), "", None), False),
        (Rendered((), "Original: x\nVariation:", None), True),
    ],
)
def test_the_note_stands_below_a_message_and_above_a_text_to_complete(rendered: Rendered, note_first: bool) -> None:
    found = told_of(Placeholders.of("{{input}}", ("input",)), rendered)
    text = found.messages[-1].content if found.messages else found.prompt
    assert text.startswith(TOLD) is note_first and text.endswith("Variation:") is note_first
    assert told_of(Placeholders(), rendered) == rendered


async def test_critics_are_not_told_and_see_the_prompt_as_it_is() -> None:
    asked = model(forgetful)
    await search("protegi", asked, filled_task(), params={"rounds": 1}, limits=Limits(calls=150))
    critics = [
        text for text in map(_last, asked.requests) if "reasons" in text and "<START>" in text and "reviewer" not in text
    ]
    assert critics and all("Say {{input}} {x}." in text and TOLD not in text for text in critics)
    assert all("THE PROMPT\n\nFilled into it:\n{{input}}: THE INPUT" in text for text in critics)


def _last(request: Any) -> str:
    found: str = request.messages[-1].content if request.messages else request.prompt
    return found


def test_a_request_to_the_task_model_is_told_apart() -> None:
    with pytest.raises(StopIteration):
        kind_of(Request("generate", messages=(Message(role="user", content="Say number 1."),)))
