"""Render a step's template without a model: the text is the result.

The template has the variables of one that a model answers: the node's slots, the names under `with:`, and `asked`. Its `parse`
reads the text, so one template can give several texts. Its draws depend on the run's seed, the round, the step, the element and
the number of the rendering.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import count
from pathlib import Path
from typing import Any

from promptwire.errors import ReplyError
from promptwire.graph.steps import TemplateSpec
from promptwire.running.session import Session, slot_values
from promptwire.templating.parsing import parse_text
from promptwire.templating.template import Template, load_template
from promptwire.values import Model
from promptwire.values.hashing import stream

__all__ = ["Renderer"]


@dataclass(frozen=True)
class Renderer:
    """Renders the template of one step, which is read once."""

    session: Session
    path: str
    """Path of the step."""
    spec: TemplateSpec
    """Its template, and the rule to read the text."""
    given: Mapping[str, Any]
    """Values of `with:`."""
    stream: tuple[str, str]
    """Stream of the run in this round, and the elements of the loops around: parts of each draw."""
    named: bool = False
    """Whether a line `--- NAME ---` of the template starts a text of that name."""
    numbers: Iterator[int] = field(default_factory=count)
    """Numbers of the renderings."""

    def render(self, slots: Model) -> dict[str, tuple[str, ...]]:
        """Return the rendered texts by name; see `Context.render` and `Context.render_named`."""
        template, values = self._template, {**self._asked, **slot_values(slots), **self.given}
        drawing = partial(stream, "rendering", *self.stream, self.path, next(self.numbers))
        return {
            name if self.named else "": (text,) if self.named and name else self._read(template, text)
            for name, text in template.texts(values, drawing)
        }

    @cached_property
    def _template(self) -> Template:
        return load_template(Path(self.spec.template), named=self.named, parse=self.spec.parse)

    @cached_property
    def _asked(self) -> Mapping[str, Any]:
        return self.session.asked()

    def _read(self, template: Template, text: str) -> tuple[str, ...]:
        """The texts that the template's `parse` reads."""
        texts = parse_text(text, template.front.parse)
        if not texts and template.front.parse.fallback == "error":
            problem = f"nothing could be read out of the rendered text {text[:200]!r}"
            hint = "change the template's `parse:`, or its `fallback:` to drop or raw"
            raise ReplyError(problem, where=f"{self.path} ({template.name})", hint=hint)
        return texts
