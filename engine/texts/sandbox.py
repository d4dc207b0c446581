"""Jinja2 in a sandbox: templates read the fields of our values, call nothing of ours, and come to an end.

The only file that knows Jinja2. Methods of our values are out of reach: pydantic's deprecated `parse_file` would read files and
unpickle. Jinja's own sandbox limits neither loops nor how large a value becomes, so here every turn of a loop and every call is
counted, and whatever would make a large value of small ones (`*`, `**`, wide formats, `center`, `replace`, joining a text to
itself again and again) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextvars import ContextVar
from functools import cached_property, wraps
from typing import Any, Final

import jinja2
import jinja2.meta
import jinja2.nodes
from jinja2.filters import FILTERS as DEFAULT_FILTERS
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer
from pydantic import BaseModel

from promptwire.errors import suggest

__all__ = ["BadSyntax", "Compiled", "compiled", "nearest", "pieces_of", "variables_of"]

MAX_TURNS: Final = 1_000_000
"""Most turns of all loops, and calls, of one rendering: a few tenths of a second."""
MAX_VALUE: Final = 4_000_000
"""Longest text or list that an expression may make."""
_SMALL: Final = 1000
"""Largest number that a text is repeated by, widened to or filled up to, and longest text that is repeated."""
_WIDE: Final = re.compile(r"%(?:\([^)]*\))?[-+ #]*[\d.]*(?:\d{4}|\*)|\{[^{}]*:[^{}]*(?:\d{4}|\{)")
"""A width in a format that is too large, or that comes from elsewhere."""
_GROWING: Final = ("center", "indent", "batch", "slice", "format", "round", "wordwrap", "replace", "join")
"""Jinja's filters that may make a large value of small ones."""

Compiled = jinja2.Template
BadSyntax = jinja2.TemplateSyntaxError


class _Sandbox(ImmutableSandboxedEnvironment):
    """Fields and properties of our values, text and list methods of plain ones, and so many turns of loops; nothing else."""

    intercepted_binops = frozenset(["*", "**", "%", "+"])

    def _parse(self, source: str, name: str | None, filename: str | None) -> jinja2.nodes.Template:
        tree = super()._parse(source, name, filename)
        made: jinja2.nodes.Template = _Counting().visit(tree)
        return made.set_environment(self)  # type: ignore[return-value] # it gives itself

    def call(self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        _turn()
        # Jinja wraps `format` and `format_map` of a text in functions of its own.
        of = getattr(getattr(__obj, "__wrapped__", __obj), "__self__", None)
        if isinstance(of, str):
            _require_small(of, args, kwargs, formats=getattr(__obj, "__name__", "") in ("format", "format_map"))
        return _held(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        sizes = [len(one) if isinstance(one, Sized) else one for one in (left, right)]
        texts = [one for one in (left, right) if isinstance(one, Sized)]
        wide = operator == "%" and isinstance(left, str) and _WIDE.search(left)
        if operator == "**" or wide or (operator == "*" and texts and max(sizes) > _SMALL):
            raise OverflowError(f"{operator!r} of such values is not for templates")
        return _held(super().call_binop(context, operator, left, right))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, BaseModel):
            kind = type(obj)
            declared = getattr(kind, attr, None)
            return attr in kind.model_fields or isinstance(declared, property | cached_property)
        return super().is_safe_attribute(obj, attr, value)


class _Counting(NodeTransformer):
    """Puts a counter at every loop, and a measure at every joining of texts."""

    def visit_For(self, node: jinja2.nodes.For) -> jinja2.nodes.Node:
        self.generic_visit(node)
        node.iter = _filtered(node.iter, "turns")
        return node

    def visit_Concat(self, node: jinja2.nodes.Concat) -> jinja2.nodes.Node:
        self.generic_visit(node)
        return _filtered(node, "held")

    def visit_AssignBlock(self, node: jinja2.nodes.AssignBlock) -> jinja2.nodes.Node:
        self.generic_visit(node)
        # A filter of a block has nothing in its innermost place: there the block's text goes.
        node.filter = _filtered(node.filter, "held")
        return node


def _filtered(node: Any, name: str) -> jinja2.nodes.Filter:
    return jinja2.nodes.Filter(node, name, [], [], None, None, lineno=node.lineno if node else 1)


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


def _held(value: Any) -> Any:
    """`value`, unless it is too large."""
    if isinstance(value, str | list | tuple) and len(value) > MAX_VALUE:
        raise OverflowError(f"it makes a value of more than {MAX_VALUE:,} characters or elements")
    return value


def _require_small(of: Any, args: Sequence[Any], named: Mapping[str, Any], *, formats: bool) -> None:
    """Raise OverflowError where the arguments would make much of `of`."""
    for value in (*args, *named.values()):
        wide = isinstance(value, int | float) and not formats and abs(value) > _SMALL
        size = len(of) * len(value) if isinstance(value, str) and isinstance(of, Sized) and not formats else 0
        if wide or size > MAX_VALUE:
            raise OverflowError("such large arguments are not for templates")
    if formats and isinstance(of, str) and _WIDE.search(of):
        raise OverflowError("such wide formats are not for templates")


def _guarded(name: str) -> Any:
    """Jinja's filter `name`, refusing large arguments and results."""
    inner = DEFAULT_FILTERS[name]
    first = 1 if hasattr(inner, "jinja_pass_arg") else 0

    @wraps(inner)
    def guard(*args: Any, **named: Any) -> Any:
        _require_small(args[first], args[first + 1 :], named, formats=name == "format")
        made = inner(*args, **named)
        return made if isinstance(made, Iterator) else _held(made)

    return guard


_TURNS: ContextVar[list[int]] = ContextVar("promptwire_turns")
_SANDBOX = _Sandbox(undefined=_Missing, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False)
_SANDBOX.filters |= {"turns": _turns, "held": _held, **{name: _guarded(name) for name in _GROWING}}
del _SANDBOX.globals["lipsum"]  # filler text, as much as is asked for


def compiled(source: str) -> Compiled:
    """The template in `source`. Raises BadSyntax."""
    return _SANDBOX.from_string(source)


def nearest(error: BadSyntax) -> str:
    """What was meant where `error` speaks of an unknown filter or test; empty for other mistakes."""
    unknown = re.match(r"No (filter|test) named '(\w+)'", error.message or "")
    if unknown is None:
        return ""
    near = suggest(unknown[2], _SANDBOX.filters if unknown[1] == "filter" else _SANDBOX.tests)
    return near if near.startswith("did") else ""


def variables_of(source: str) -> set[str]:
    """The variables that the template in `source` reads. Raises BadSyntax."""
    return jinja2.meta.find_undeclared_variables(_SANDBOX.parse(source))


def pieces_of(template: Compiled, values: Mapping[str, Any]) -> Iterator[str]:
    """What the template gives with `values`, piece by piece. Raises whatever an expression in it can."""
    _TURNS.set([0])
    yield from template.generate(values)
