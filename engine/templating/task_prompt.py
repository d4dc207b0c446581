"""The request to the task model as one text, for meta-prompts that show it.

OPRO marks the position of its text in each problem, and PE2 shows the full template. Written into the meta-prompt by hand, both
would be wrong for every task with its own template. Any meta template may call `asked(prompt, example)`. Each argument is a
value or a text in its place, such as `asked("<INS>", example)` or `asked(prompt, "<input>")`. The task's template is rendered,
so the position of the prompt (before the input, after it, in the answer) is stated once, with the task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from promptwire.templating.template import Template
from promptwire.values import Example, Prompt

__all__ = ["ASKED", "TASK_SLOTS", "asked_by", "joined_slots", "shows_nothing", "stand_in"]

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


def joined_slots(prompt: Prompt, example: Example, labels: Sequence[str]) -> dict[str, Any]:
    """The variables of a task template, with their values."""
    return {"prompt": prompt, "demos": prompt.demos, "input": example.input, "example": example, "labels": labels}


def shows_nothing(read: Set[str]) -> str:
    """What is missing in a task template that reads these names; empty when it shows prompt and input."""
    if "prompt" not in read:
        return "does not show the prompt"
    return "" if read & {"input", "example"} else "does not show the input"


def asked_by(template: Template, sample: Example, labels: Sequence[str]) -> Callable[[Prompt | str, Example | str], str]:
    """The function `asked` for a task with this template; `sample` shows which fields its inputs have."""

    def asked(prompt: Prompt | str, example: Example | str) -> str:
        instruction = Prompt(text=prompt) if isinstance(prompt, str) else prompt
        shown = _named(sample, example) if isinstance(example, str) else example
        rendered = template.render(joined_slots(instruction, shown, labels))
        if not rendered.messages:
            return rendered.prompt + (rendered.suffix or "")
        if len(rendered.messages) == 1:
            return rendered.messages[0].content
        return "\n\n".join(f"[{message.role}]\n{message.content}" for message in rendered.messages)

    return asked


def stand_in(prompt: Any, example: Any) -> str:
    """The function `asked` in a dry run, where there is no task yet."""
    return "text"


def _named(sample: Example, name: str) -> Example:
    """An example whose input is `name`; where the task's inputs have fields, `<field>` stands for each."""
    fields = sample.input
    return Example(input=name if isinstance(fields, str) else {field: f"<{field}>" for field in fields}, outputs=(name,))
