"""Placeholders of brace-style forms: `{{input}}`, with names that no text of the prompt holds by chance.

A tool that fills in `{{input}}` by replacing that text would also replace it where a demonstration quotes it. So a slot whose
placeholder occurs in the texts gets a number: `{{input__2}}`. A reader takes the highest number that it finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from promptwire.results.request_pattern import INPUT, Part, RequestPattern
from promptwire.values import Example

__all__ = ["fill", "marked_text", "placeholder_names", "values_of"]


def placeholder_names(pattern: RequestPattern) -> dict[str, str]:
    """The placeholder of each slot of `pattern`, such as `{{input}}`."""
    texts = "".join(piece for part in pattern.parts for piece in part.pieces if isinstance(piece, str))
    return {slot: f"{{{{{slot}{_number(slot, texts)}}}}}" for slot in pattern.slots}


def _number(slot: str, texts: str) -> str:
    """The end of the name of a placeholder: none, or a number above all that the texts hold."""
    if f"{{{{{slot}" not in texts:
        return ""
    held = [int(found[1] or 1) for found in _mark(slot).finditer(texts)]
    return f"__{max(held) + 1}" if held else ""


def _mark(slot: str) -> re.Pattern[str]:
    return re.compile(rf"\{{\{{{re.escape(slot)}(?:__([0-9]{{1,6}}))?\}}\}}")


def marked_text(part: Part, names: Mapping[str, str]) -> str:
    """A part as one text, with the placeholders `names` in the places of its slots."""
    return "".join(piece if isinstance(piece, str) else names[piece.slot] for piece in part.pieces)


def values_of(example: Example) -> dict[str, str]:
    """The values of an example by the names of slots."""
    return dict(example.input) if isinstance(example.input, dict) else {INPUT: example.input}


def fill(texts: Iterable[str], example: Example) -> list[str]:
    """`texts` with the values of `example` in the places of its placeholders; values are not read again."""
    parts, values = list(texts), values_of(example)
    whole = "\0".join(parts)
    marks: dict[str, str] = {}
    for slot, value in values.items():
        numbers = [int(found[1] or 1) for found in _mark(slot).finditer(whole)]
        if numbers:
            marks[f"{{{{{slot}{f'__{max(numbers)}' if max(numbers) > 1 else ''}}}}}"] = value
    if not marks:
        return parts
    either = re.compile("|".join(map(re.escape, sorted(marks, key=len, reverse=True))))
    return [either.sub(lambda found: marks[found[0]], text) for text in parts]
