"""A task template that is a list of messages in the task file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from promptwire.documents.document import Document
from promptwire.errors import PipelineError, Problem
from promptwire.templating.marks import TURNS
from promptwire.templating.template import read_template
from promptwire.values import Model

__all__ = ["TemplateMessage", "messages_source"]


class TemplateMessage(Model):
    """One message of a template in a task file."""

    called: ClassVar[str] = "a message of 'template'"

    role: Literal["system", "user", "assistant"]
    """Author of the message."""
    content: str
    """Its text, with the variables of a task template, such as `{{ prompt }}` and `{{ example }}`."""


def messages_source(messages: Sequence[TemplateMessage | str], document: Document) -> tuple[str, str]:
    """Name and source of the template that `messages` make. Raises PipelineError for one that can't be read."""
    place = document.location(("template",))
    name = f"{Path(document.file).name} (messages)"
    parts = [f"--- {TURNS} ---\n" if isinstance(one, str) else f"--- {one.role} ---\n{one.content}\n" for one in messages]
    source = "".join(parts)
    try:
        found = read_template(name, source)
    except PipelineError as error:
        problems = [Problem(one.code, place, one.message, one.hint, one.warning) for one in error.problems]
        raise PipelineError(problems) from error
    if len(found.parts) != len(messages):
        message = "a message of the template holds a line such as '--- user ---', which starts a message"
        raise PipelineError([Problem("template-marks", place, message, "write it as a message of its own")])
    return name, source
