"""The request to the task model: the task's template, a prompt with or without placeholders, and a text or a conversation.

A prompt with placeholders is filled in, and the input is not added to it. The shipped templates, which add it, then give way to
one that shows the filled prompt alone. A conversation keeps its messages: the prompt is its system message or goes before the
first message of the user, as the task's template says. A template of one's own decides both by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from promptwire.errors import PipelineError, Problem
from promptwire.security.package_data import package_folder
from promptwire.templating.template import Rendered, Template, load_template
from promptwire.values import Example, Message, Prompt
from promptwire.values.placeholders import WHOLE, Placeholders

__all__ = ["TaskForm", "joined_slots", "shows_nothing"]

_FILLED: Final = {
    "chat.j2": "filled.j2",
    "after.j2": "filled.j2",
    "system.j2": "filled.j2",
    "conversation.j2": "filled.j2",
    "conversation-system.j2": "filled.j2",
    "completion.j2": "filled-completion.j2",
    "answer.j2": "filled-completion.j2",
}
"""The shipped task templates, with those for a prompt that is filled in."""
_CONVERSATION: Final = {"chat.j2": "conversation.j2", "system.j2": "conversation-system.j2"}
"""The shipped task templates with a form for conversations. The others show a conversation as text."""


def joined_slots(prompt: Prompt, example: Example, labels: Sequence[str]) -> dict[str, Any]:
    """The variables of a task template, with their values."""
    return {"prompt": prompt, "demos": prompt.demos, "input": example.input, "example": example, "labels": labels}


def shows_nothing(read: Set[str], placeholders: Placeholders | None = None) -> str:
    """What is missing in a task template that reads these names; empty when it shows prompt and input.

    A prompt that `placeholders` fill in holds the input itself.
    """
    if "prompt" not in read:
        return "does not show the prompt"
    return "" if placeholders or read & {"input", "example"} else "does not show the input"


@dataclass(frozen=True, slots=True)
class TaskForm:
    """What a task says about its requests, beside its template."""

    labels: tuple[str, ...] = ()
    """The possible answers."""
    placeholders: Placeholders = field(default_factory=Placeholders)
    """The placeholders of its prompts."""

    def filled_template(self, template: Template) -> Template:
        """What renders a prompt that is filled in: a shipped template that adds no input, or one's own template."""
        return _other(template, _FILLED)

    def fitting(self, template: Template, prompt: Prompt, example: Example) -> tuple[Template, dict[str, Any]]:
        """The template that renders one pair in the place of the task's `template`, and its variables."""
        if self.placeholders.has_any(prompt.text):
            prompt = prompt.model_copy(update={"text": self.placeholders.filled(prompt.text, example)})
            template = self.filled_template(template)
        elif example.turns:
            template = _other(template, _CONVERSATION)
        return template, joined_slots(prompt, example, self.labels)

    def render(self, template: Template, prompt: Prompt, example: Example) -> Rendered:
        """The request that `template` makes of one pair. Raises PipelineError as `Template.render` does."""
        template, slots = self.fitting(template, prompt, example)
        if not template.takes_turns:
            return template.render(slots)
        return template.rendered(template.texts(slots), example.turns or (Message(role="user", content=example.text),))

    def problem(self, template: Template, prompt: Prompt, example: Example) -> Problem | None:
        """The first problem of rendering one pair; None when there is none."""
        try:
            self.render(template, prompt, example)
        except PipelineError as error:
            return error.problems[0]
        return None

    def added(self, template: Template, example: Example) -> tuple[str, ...]:
        """Fields of `example` that `template` shows beside a prompt that is filled in; `WHOLE` for an input without fields.

        Found by rendering the template with a mark in place of each field.
        """
        template = self.filled_template(template)
        if not template.variables & {"input", "example"}:
            return ()
        if not isinstance(example.input, dict) or example.turns:
            return (WHOLE,)
        marks = {name: f"promptwire-field-{number}." for number, name in enumerate(example.input)}
        marked = example.model_copy(update={"input": marks})
        try:
            rendered = template.render(joined_slots(Prompt(text=""), marked, self.labels))
        except PipelineError:
            return tuple(marks)
        text = "\n".join([rendered.prompt, *(message.content for message in rendered.messages)]).lower()
        return tuple(name for name, mark in marks.items() if mark in text)


def _other(template: Template, forms: Mapping[str, str]) -> Template:
    """The shipped template that takes the place of `template`, or itself when there is none."""
    path = Path(template.path)
    if path.name in forms and path.parent == package_folder("templates") / "task":
        return load_template(path.with_name(forms[path.name]), parse=template.rule)
    return template
