"""Jinja2 in a sandbox: templates read the fields of our values, call nothing of ours, and come to an end.

The only file that knows Jinja2. Methods of our values are out of reach: pydantic's deprecated `parse_file` would read files and
unpickle. Jinja's own sandbox limits neither loops nor how large a value becomes, so here every turn of a loop and every call is
counted, and operators that make a large value of two small ones are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from contextvars import ContextVar
from functools import cached_property
from typing import Any, Final

import jinja2
import jinja2.meta
import jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel

from promptwire.errors import suggest

__all__ = ["BadSyntax", "Compiled", "compiled", "pieces_of", "variables_of"]

MAX_TURNS: Final = 1_000_000
"""Most turns of all loops, and calls, of one rendering: a few tenths of a second."""
_SMALL: Final = 1000
"""Largest number that a text is repeated by, and longest text that is."""

Compiled = jinja2.Template
BadSyntax = jinja2.TemplateSyntaxError


class _Sandbox(ImmutableSandboxedEnvironment):
    """Fields and properties of our values, text and list methods of plain ones, and so many turns of loops; nothing else."""

    intercepted_binops = frozenset(["*", "**", "%"])

    def _parse(self, source: str, name: str | None, filename: str | None) -> jinja2.nodes.Template:
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(jinja2.nodes.For):
            loop.iter = jinja2.nodes.Filter(loop.iter, "turns", [], [], None, None, lineno=loop.lineno)
        return tree.set_environment(self)  # type: ignore[return-value] # it gives itself

    def call(self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        _turn()
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        sizes = [len(one) if isinstance(one, Sized) else one for one in (left, right)]
        texts = [one for one in (left, right) if isinstance(one, Sized)]
        if operator == "**" or (texts and (operator == "%" or max(sizes) > _SMALL)):
            raise OverflowError(f"{operator!r} of such values is not for templates")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, BaseModel):
            kind = type(obj)
            declared = getattr(kind, attr, None)
            return attr in kind.model_fields or isinstance(declared, property | cached_property)
        return super().is_safe_attribute(obj, attr, value)


class _Missing(jinja2.StrictUndefined):
    """What is not there, said as a person would: what lacks it, and what it has that is called nearly so."""

    @property
    def _undefined_message(self) -> str:
        lacks, name = self._undefined_obj, self._undefined_name
        if not isinstance(lacks, BaseModel) or not isinstance(name, str):
            return super()._undefined_message
        kind = type(lacks)
        own = (each for each in vars(kind) if isinstance(vars(kind)[each], property | cached_property) and each[0] != "_")
        return f"{kind.__name__} has no {name!r} - {suggest(name, [*kind.model_fields, *own], noun='it has')}"


def _turn() -> None:
    """Count one turn of a loop, or one call."""
    turns = _TURNS.get()
    turns[0] += 1
    if turns[0] > MAX_TURNS:
        raise OverflowError(f"its loops and calls make more than {MAX_TURNS:,} turns")


def _turns(values: Iterable[Any]) -> Iterator[Any]:
    """`values`, each counted."""
    for value in values:
        _turn()
        yield value


_TURNS: ContextVar[list[int]] = ContextVar("promptwire_turns")
_SANDBOX = _Sandbox(undefined=_Missing, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False)
_SANDBOX.filters["turns"] = _turns


def compiled(source: str) -> Compiled:
    """The template in `source`. Raises BadSyntax."""
    return _SANDBOX.from_string(source)


def variables_of(source: str) -> set[str]:
    """The variables that the template in `source` reads. Raises BadSyntax."""
    return jinja2.meta.find_undeclared_variables(_SANDBOX.parse(source))


def pieces_of(template: Compiled, values: Mapping[str, Any]) -> Iterator[str]:
    """What the template gives with `values`, piece by piece. Raises whatever an expression in it can."""
    _TURNS.set([0])
    yield from template.generate(values)
