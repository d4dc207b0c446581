"""Check whether missing labels are the fault of the model or of a prompt.

The metric `choice` reads the labels out of the likeliest first tokens. A prompt such as "Reply in JSON" moves all labels out of
that list. Such a row is wrong through the prompt's fault. A model that never lists a label can't be scored with `choice`. So
the first time that a step finds no label in any of its rows, the model is tried with plain prompts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from promptwire.backend import Completion, Request
from promptwire.errors import Unsupported
from promptwire.node import Role
from promptwire.running.session import Session
from promptwire.values import Example, Prompt

__all__ = ["MAX_CALLS", "require_labels"]

MAX_CALLS: Final = 4
"""Most calls that the check makes, once in a run for each model."""
_EXAMPLES: Final = 2


async def require_labels(
    session: Session,
    role: Role,
    problem: str,
    path: str,
    request: Callable[[Prompt, Example], Request],
    ask: Callable[[Request], Awaitable[Completion]],
) -> None:
    """Raise Unsupported with `problem` unless the model lists labels for the initial or a plain prompt."""
    key = session.models[role].identity
    if key not in session.lists_labels:
        session.lists_labels[key] = asyncio.ensure_future(_lists(session, request, ask))
    found = session.lists_labels[key]
    try:
        lists = await asyncio.shield(found)
    except BaseException:
        if session.lists_labels.get(key) is found and found.done():
            del session.lists_labels[key]
        raise
    if not lists:
        hint = "score with a metric that reads the reply (such as exact), or use a model that gives log-probabilities"
        raise Unsupported(problem, where=path, hint=hint)


async def _lists(
    session: Session, request: Callable[[Prompt, Example], Request], ask: Callable[[Request], Awaitable[Completion]]
) -> bool:
    task = session.task
    plain = Prompt(text=f"Answer with one of: {', '.join(task.labels)}.")
    for prompt in (*task.prompts.items[:1], plain):
        for example in task.train.items[:_EXAMPLES]:
            if (await ask(request(prompt, example))).weights:
                return True
    return False
