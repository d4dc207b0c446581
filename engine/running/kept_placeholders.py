"""Placeholders in the prompts that a search writes: models are told of them, and a prompt that lost one is dropped.

Requests change only where the initial prompts of a task have placeholders. Every writer of prompts is covered, shipped or not:
a prompt is looked at where a node makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from promptwire.graph.steps import CallStep
from promptwire.templating.template import Rendered
from promptwire.values import Message, Prompts
from promptwire.values.placeholders import Placeholders

__all__ = ["LOST", "told_of", "without_lost", "writes_prompts"]

LOST: Final = "without a placeholder"
"""What a prompt that lost a placeholder is counted as."""


def writes_prompts(step: CallStep, params: Any) -> bool:
    """Whether the model of `step` writes the texts of prompts: no notes, companions, critiques, examples or votes."""
    gives = any(field.annotation is Prompts for field in step.type.outputs.model_fields.values())
    aside = getattr(params, "notes", False) or getattr(params, "into", None) is not None
    return step.asking is not None and step.type.role == "meta" and not step.type.scores and gives and not aside


def told_of(placeholders: Placeholders, rendered: Rendered) -> Rendered:
    """The request of a writer, with a note on the placeholders: below the last message, or above a text to complete."""
    if not placeholders:
        return rendered
    note = _note(placeholders)
    if not rendered.messages:
        return rendered._replace(prompt=f"{note}\n\n{rendered.prompt}")
    *before, last = rendered.messages
    return rendered._replace(messages=(*before, Message(role=last.role, content=f"{last.content}\n\n{note}")))


def without_lost(outputs: Mapping[str, Any], lost: Mapping[str, str]) -> tuple[dict[str, Any], int]:
    """The outputs of a step without prompts whose text is in `lost`, and how many texts were dropped.

    `lost` holds texts that the step wrote, with its path.
    """
    found, dropped = dict(outputs), set[str]()
    for name, value in outputs.items():
        if isinstance(value, Prompts):
            gone = [prompt for prompt in value.items if lost.get(prompt.text) == prompt.made_by]
            dropped |= {prompt.text for prompt in gone}
            if gone:
                found[name] = Prompts(items=tuple(prompt for prompt in value.items if prompt not in gone))
    return found, len(dropped)


def _note(placeholders: Placeholders) -> str:
    names = ", ".join(placeholders.kept)
    one = len(placeholders.kept) == 1
    what = f"the placeholder {names}" if one else f"the placeholders {names}"
    filled = "It is replaced by the input" if one else "They are replaced by the parts of the input"
    keep = "it exactly as it stands here" if one else "each of them exactly as it stands here"
    return (
        f"Every prompt of this task contains {what}. {filled} before a model reads the prompt; nothing is added below it. "
        f"So write {keep}, with its braces, into every prompt that you write. "
        "This holds whatever is said elsewhere about a place for the input."
    )
