"""Every shipped pipeline on inputs that are conversations: real messages for the task model, text for all others."""

from __future__ import annotations

import re

import pytest

from promptwire.backend import Request
from promptwire.documents import resources
from promptwire.limits import Limits
from promptwire.tasks.task import Task
from promptwire.values import Example, Examples, Message
from tests.pipelines.search_runs import model, numbers, search, well_formed

PARTS = ("miprov2-expand", "protegi-expand", "protegi-small-expand")
"""Pipelines that others use: their inputs are no task's."""
QUICK = ("ape", "ape-paraphrase", "capo", "evoprompt-ga", "gepa", "opro", "pe2-small", "protegi-small", "textgrad")
"""Pipelines that each test run covers; the others are long searches."""
PIPELINES = [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.heavy)
    for name in resources.pipelines()
    if name not in (*PARTS, "miprov2-heavy", "miprov2-medium")
]


EXAMPLE = re.compile(r"number \d")


def talks() -> Task:
    def talk(example: Example) -> Example:
        said = [("user", "hi"), ("assistant", "yes?"), ("user", example.text)]
        turns = [Message.model_validate({"role": role, "content": content}) for role, content in said]
        return Example.of_turns(turns, example.outputs, {})

    task = numbers(24, dev=8)
    sets = {"train": task.train, "dev": task.dev or Examples(), "test": task.test}
    changed = {name: Examples.of(map(talk, examples.items)) for name, examples in sets.items()}
    return task.model_copy(update={**changed, "template": str(resources.template_path("task/system.j2"))})


def asks_the_task(request: Request) -> bool:
    return [message.role for message in request.messages][-3:] == ["user", "assistant", "user"] and any(
        message.content == "yes?" for message in request.messages
    )


def reply(request: Request, key: str) -> str:
    return "wrong" if asks_the_task(request) else well_formed(request, key)


@pytest.mark.parametrize("pipeline", PIPELINES)
async def test_the_task_model_gets_the_messages_and_writers_get_text(pipeline: str) -> None:
    asked = model(reply)
    await search(pipeline, asked, talks(), limits=Limits(calls=500 if pipeline not in QUICK else 150))
    task = [request for request in asked.requests if asks_the_task(request)]
    assert task and all(request.messages[0].role == "system" for request in task)
    assert all(request.messages[1:3] == task[0].messages[1:3] for request in task)
    shown = [text for request in asked.requests if not asks_the_task(request) and EXAMPLE.search(text := _text(request))]
    assert all("User: hi\n\nAssistant: yes?" in text or "[user]\nhi\n\n[assistant]\nyes?" in text for text in shown), pipeline


def _text(request: Request) -> str:
    return "\n".join([*(message.content for message in request.messages), request.prompt, request.suffix])
