"""The request to the task model as one text, for meta-prompts that show it.

OPRO marks the position of its text in each problem, and PE2 shows the full template. Written into the meta-prompt by hand, both
would be wrong for every task with its own template. Any meta template may call `asked(prompt, example)`. Each argument is a
value or a text in its place, such as `asked("<INS>", example)` or `asked(prompt, "<input>")`. The task's template is rendered,
so the position of the prompt (before the input, after it, in the answer) is stated once, with the task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from promptwire.templating.task_request import TaskForm
from promptwire.templating.template import Template
from promptwire.values import Example, Prompt

__all__ = ["ASKED", "TASK_SLOTS", "asked_by", "stand_in"]

ASKED = "asked"
"""The name under which meta templates find the function."""
TASK_SLOTS: Mapping[str, Any] = {
    "prompt": Prompt,
    "demos": tuple[Example, ...],
    "input": str,
    "example": Example,
    "labels": tuple[str, ...],
}
"""The variables of a task template and their types; `input` may have fields."""


def asked_by(template: Template, sample: Example, form: TaskForm) -> Callable[[Prompt | str, Example | str], str]:
    """The function `asked` for a task with this template; `sample` shows which fields its inputs have."""

    def asked(prompt: Prompt | str, example: Example | str) -> str:
        instruction = Prompt(text=prompt) if isinstance(prompt, str) else prompt
        shown = _named(sample, example) if isinstance(example, str) else example
        if form.placeholders and not form.placeholders.has_any(instruction.text):
            return _filled_in(instruction.text, shown, form)
        rendered = form.render(template, instruction, shown)
        if not rendered.messages:
            return rendered.prompt + (rendered.suffix or "")
        if len(rendered.messages) == 1:
            return rendered.messages[0].content
        return "\n\n".join(f"[{message.role}]\n{message.content}" for message in rendered.messages)

    return asked


def _filled_in(instruction: str, example: Example, form: TaskForm) -> str:
    """A text in the place of a prompt, with what would be filled into that prompt."""
    values = (f"{written}: {form.placeholders.filled(written, example)}" for written in form.placeholders.kept)
    return "\n".join([instruction, "", "Filled into it:", *values])


def stand_in(prompt: Any, example: Any) -> str:
    """The function `asked` in a dry run, where there is no task yet."""
    return "text"


def _named(sample: Example, name: str) -> Example:
    """An example whose input is `name`; where the task's inputs have fields, `<field>` stands for each."""
    fields = sample.input
    return Example(input=name if isinstance(fields, str) else {field: f"<{field}>" for field in fields}, outputs=(name,))
