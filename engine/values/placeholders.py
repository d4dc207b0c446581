"""Placeholders in prompts: `{name}` or `{{ name }}`, where the input or a field of it is filled in.

Only names of fields are placeholders. Any other text in braces stays as it is: JSON, LaTeX, a format of another program. A text
is filled in one pass, so braces in a value are never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from promptwire.values.examples import Example
from promptwire.values.model import Model

__all__ = ["WHOLE", "Placeholders", "mentions"]

WHOLE: Final = "input"
"""The name of the whole input, whatever its fields are called."""

_MENTION: Final = re.compile(
    r"\{\{-?\s*([^\W\d][\w .-]*?)\s*(?:\|[^{}\n]*)?-?\}\}|(?<![\\\w{}^$])\{\s*([^\W\d]\w*)(?:![rsa])?\s*\}(?!\})"
)
"""A name in braces, also with a filter of Jinja or a conversion of Python, which are not read here.

A brace after a letter, a sign of TeX or another brace is taken for a formula.
"""


class Placeholders(Model):
    """The placeholders of a task: those that its initial prompts have, and all names that are filled in."""

    kept: tuple[str, ...] = ()
    """Those of the initial prompts, as these write them. Every prompt has to have them. Empty in a task without any."""
    names: tuple[str, ...] = ()
    """All names that are filled in: the fields of the input, and `input` for the whole."""

    def __bool__(self) -> bool:
        return bool(self.kept)

    @classmethod
    def of(cls, text: str, names: Sequence[str]) -> Placeholders:
        """The placeholders in `text`, of fields with these `names`.

        >>> Placeholders.of('Write {"label": "x"} for {{text}}.', ["text", "input"]).kept
        ('{{text}}',)
        """
        written: dict[str, str] = {}
        for match in _pattern(tuple(names)).finditer(text):
            written.setdefault(_name(match), match[0])
        return cls(kept=tuple(written.values()), names=tuple(names) if written else ())

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the placeholders that every prompt has."""
        return tuple(one.strip("{} \t\n") for one in self.kept)

    def lacking(self, text: str) -> tuple[str, ...]:
        """The placeholders that `text` has lost. Either form counts: `{text}` stands for `{{text}}`."""
        if not self.kept:
            return ()
        there = {_name(match) for match in _pattern(self.names).finditer(text)}
        return tuple(one for one, name in zip(self.kept, self.fields, strict=True) if name not in there)

    def has_any(self, text: str) -> bool:
        """Whether `text` has a placeholder that is filled in."""
        return bool(self.kept) and _pattern(self.names).search(text) is not None

    def as_written(self, text: str) -> str:
        """`text` with its placeholders in the form of the initial prompts, which other programs are to fill in too.

        It stays as it is where braces around a placeholder would then be read as part of it.
        """
        if not self.kept:
            return text
        forms = dict(zip(self.fields, self.kept, strict=True))
        pattern = _pattern(self.names)
        found = pattern.sub(lambda match: forms.get(_name(match), match[0]), text)
        return found if pattern.split(found)[::3] == pattern.split(text)[::3] else text

    def filled(self, text: str, example: Example) -> str:
        """`text` with the input of `example` filled in; no other character changes."""
        if not self.kept:
            return text
        return _pattern(self.names).sub(lambda match: _value(_name(match), match[0], example), text)


def mentions(text: str) -> Iterator[tuple[str, str]]:
    """Each name in braces that looks like a placeholder, with the text as it is written."""
    for match in _MENTION.finditer(text):
        yield match[1] or match[2], match[0]


@lru_cache(maxsize=64)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """Finds the placeholders with these names; the longer name comes first."""
    either = "|".join(map(re.escape, sorted(names, key=len, reverse=True))) or r"(?!)"
    return re.compile(rf"\{{\{{\s*({either})\s*\}}\}}|\{{({either})\}}")


def _name(match: re.Match[str]) -> str:
    return match[1] or match[2]


def _value(name: str, written: str, example: Example) -> str:
    """The value of the field `name`; `written` where the input has no such field."""
    if isinstance(example.input, str):
        return example.input
    return example.input.get(name, example.text if name == WHOLE else written)
