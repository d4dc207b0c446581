"""Writes an initial prompt for data that come without one: what a person may write first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from promptwire.task_init.answer_kind import AnswerKind
from promptwire.task_init.column_choice import ColumnChoice
from promptwire.task_init.column_names import NOUNS, plain_name
from promptwire.values.placeholders import mentions

__all__ = ["first_prompt"]

_FIELDS: Final = 12


def first_prompt(kind: AnswerKind, choice: ColumnChoice) -> str:
    """An initial prompt. Only names that are words of everyday go into it: a header may hold anything."""
    noun = "last message" if choice.chat else _noun(choice.inputs[-1:], "text")
    if kind.kind == "labels":
        labels = f"{', '.join(kind.labels[:-1])} or {kind.labels[-1]}"
        text = f"Classify the {noun} as {labels}. Answer with the label only."
        return f"Classify the {noun}. Answer with the label only." if "\n" in text or any(mentions(text)) else text
    if kind.kind == "letters":
        return "Answer the question with the letter of the right option."
    if kind.kind == "numbers":
        return "Work out the answer. Reply with the number only."
    if kind.kind == "json":
        named = ", ".join(kind.keys[:_FIELDS])
        named = "" if any(mark in named for mark in "{}\n") else named
        return f"Answer with a JSON object with the fields {named}." if named else "Answer with JSON only."
    if noun in ("question", "query", "problem", "last message"):
        return f"Answer the {noun}."
    if kind.kind == "none":
        return f"Reply to the {noun}."
    written = _noun([choice.output or ""], "")
    return f"Write the {written} of the {noun}." if written and written != "answer" else "Write the output for the input."


def _noun(names: Sequence[str], other: str) -> str:
    plain = [plain_name(name) for name in names]
    return plain[0] if plain and plain[0] in NOUNS else other
