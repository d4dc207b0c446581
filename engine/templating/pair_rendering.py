"""Render a task template once per prompt, and fill in each example.

A task template mostly shows the example as it is, in one place. What stands around it is then the same for all examples of a
prompt, so it is rendered once, in the sandbox and within its limits. The text of each request is equal, byte for byte, to that
of a rendering of its own. A template that does anything else with the example is rendered for each example.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from secrets import token_hex
from typing import Any, Final

from promptwire.errors import PipelineError
from promptwire.templating.sandbox import plain_outputs
from promptwire.templating.task_request import TaskForm, joined_slots
from promptwire.templating.template import Rendered, Template
from promptwire.values import Example, Prompt

__all__ = ["PairRenderer"]

_EACH: Final = ("example", "input")
"""The variables that differ between the examples of one prompt."""
_SAFE: Final = 1_000_000
"""Longest text that is filled in, in characters. The limits of a rendering are above it, and only a rendering checks them."""
_PROMPTS: Final = 64
"""Most prompts whose rendered texts are kept."""

Path = tuple[str, ...]
"""A variable, with the name of its field where one is shown."""


@dataclass(frozen=True, slots=True)
class _Around:
    """One part of a template, rendered for one prompt."""

    mark: str
    """Its mark, such as `user`."""
    texts: tuple[str, ...]
    """The texts around the outputs, one more than there are outputs."""
    paths: tuple[Path, ...]
    """What the outputs show."""

    def filled(self, values: Mapping[str, Any]) -> str | None:
        """The part with `values` filled in; None where only a rendering of its own is certain."""
        if not self.paths:
            return self.texts[0] if len(self.texts[0]) <= _SAFE else None
        pieces = [self.texts[0]]
        for (name, *field), text in zip(self.paths, self.texts[1:], strict=True):
            value = values[name]
            if field:
                # In Jinja a method of the value, such as `items` of a dict, comes before its field.
                if not isinstance(value, dict) or field[0] not in value or hasattr(value, field[0]):
                    return None
                value = value[field[0]]
            pieces += (str(value), text)
        whole = "".join(pieces)
        return whole if len(whole) <= _SAFE else None


class PairRenderer:
    """Renders one task template for pairs of prompt and example."""

    def __init__(self, template: Template, form: TaskForm) -> None:
        self._template = template
        self._form = form
        self._added = _OncePerPrompt(template, form, _EACH)

    def render(self, prompt: Prompt, example: Example) -> Rendered:
        """Render the template for one pair. Raises PipelineError as `Template.render` does."""
        values = {"example": example, "input": example.input}
        found = None
        if self._form.placeholders.has_any(prompt.text):
            values["prompt"] = self._form.placeholders.filled(prompt.text, example)
            found = self._filled.render(prompt, values)
        elif not example.turns:
            found = self._added.render(prompt, values)
        return self._form.render(self._template, prompt, example) if found is None else found

    @cached_property
    def _filled(self) -> _OncePerPrompt:
        """What renders prompts with placeholders."""
        return _OncePerPrompt(self._form.filled_template(self._template), self._form, ("prompt", *_EACH))


class _OncePerPrompt:
    """Renders what is the same for all examples of a prompt once, where the template allows it."""

    def __init__(self, template: Template, form: TaskForm, each: Sequence[str]) -> None:
        """`each` are the variables that differ between the examples of one prompt."""
        self._template = template
        self._form = form
        self._each = each
        self._kept: dict[int, tuple[Prompt, tuple[_Around, ...] | None]] = {}

    def render(self, prompt: Prompt, values: Mapping[str, Any]) -> Rendered | None:
        """The template with `values`; None where only a rendering of its own is certain."""
        around = self._around(prompt)
        if around is None:
            return None
        known = []
        for one in around:
            text = one.filled(values)
            if text is None:
                return None
            known.append((one.mark, self._template.trimmed(text)))
        return self._template.rendered(known)

    def _around(self, prompt: Prompt) -> tuple[_Around, ...] | None:
        """What is rendered once for `prompt`; None when the template has to be rendered for each example."""
        if self._paths is None:
            return None
        known = self._kept.get(id(prompt))
        if known is None:  # by object: equal prompts may differ in marks, which a template may show
            if len(self._kept) >= _PROMPTS:
                self._kept.clear()
            known = self._kept[id(prompt)] = (prompt, self._rendered(prompt, self._paths))
        return known[1]

    def _rendered(self, prompt: Prompt, paths: Sequence[tuple[Path, ...]]) -> tuple[_Around, ...] | None:
        mark = f"\0{token_hex(16)}\0"  # in no prompt, and in no request: the texts are cut at it
        stands: dict[str, Any] = {name: mark for name, *field in sum(paths, ()) if not field}
        for name, *field in sum(paths, ()):
            if field:
                stands[name] = {**stands.get(name, {}), field[0]: mark}
        values = {**joined_slots(prompt, Example(input=""), self._form.labels), **stands}
        try:
            found = [text.split(mark) for _, text in self._template.raw_texts(values)]
        except PipelineError:
            return None
        if [len(texts) for texts in found] != [len(shown) + 1 for shown in paths]:
            return None
        parts = zip(self._template.parts, found, paths, strict=True)
        return tuple(_Around(part.mark, tuple(texts), shown) for part, texts, shown in parts)

    @cached_property
    def _paths(self) -> list[tuple[Path, ...]] | None:
        """What the outputs of each part show of the example; None when the template uses it in any other way."""
        if self._template.takes_turns:
            return None
        found = [plain_outputs(part.source, self._each) for part in self._template.parts]
        known = [paths for paths in found if paths is not None]
        bare = {name for name, *field in sum(known, ()) if not field}
        mixed = any(field and name in bare for name, *field in sum(known, ()))
        return None if len(known) < len(found) or mixed else known
