"""Jinja2 in a sandbox: templates read fields, call no methods of promptwire, and end.

The only file that imports Jinja2. Methods of promptwire's values are refused: pydantic's deprecated `parse_file` would read
files and unpickle. Jinja's own sandbox does not limit loops or sizes. So each loop, call, list and output is counted here by
`promptwire.templating.render_limits`. Jinja's own draws are refused, so that the same run sends the same requests. Seeded
draws are in `promptwire.templating.functions`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final

import jinja2
import jinja2.meta
import jinja2.nodes
from jinja2.filters import FILTERS as DEFAULT_FILTERS
from jinja2.filters import make_attrgetter
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace
from jinja2.visitor import NodeTransformer
from pydantic import BaseModel

from promptwire.errors import suggest
from promptwire.templating import render_limits
from promptwire.templating.call_limits import pretty, require_filter, require_method
from promptwire.values import Companions

__all__ = ["BadSyntax", "Compiled", "compiled", "nearest", "pieces_of", "plain_outputs", "variables_of"]

Compiled = jinja2.Template
BadSyntax = jinja2.TemplateSyntaxError


class _Sandbox(ImmutableSandboxedEnvironment):
    """Allows fields and properties of promptwire's values, methods of plain values, and a limited number of turns."""

    intercepted_binops = frozenset(["*", "**", "%", "+"])

    def _parse(self, source: str, name: str | None, filename: str | None) -> jinja2.nodes.Template:
        tree = super()._parse(source, name, filename)
        made: jinja2.nodes.Template = _Counting().visit(tree)
        return made.set_environment(self)  # type: ignore[return-value] # it gives itself

    def call(self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        render_limits.count_step()
        # Jinja wraps `format` and `format_map` of a text in functions of its own.
        of = getattr(getattr(__obj, "__wrapped__", __obj), "__self__", None)
        name = getattr(__obj, "__name__", "")
        if isinstance(of, str) and name == "join":
            return _joined(of, *args)
        require_method(of, name, args, kwargs)
        if isinstance(__obj, LoopContext) and args:  # a loop that calls itself goes through what it is called with
            args = (render_limits.counted_steps(args[0]), *args[1:])
        return render_limits.check_size(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        sizes = [len(one) if isinstance(one, Sized) else one for one in (left, right)]
        texts = [one for one in (left, right) if isinstance(one, Sized)]
        wide = operator == "%" and (isinstance(left, bytes) or (isinstance(left, str) and render_limits.WIDE.search(left)))
        if operator == "**" or wide or (operator == "*" and texts and max(sizes) > render_limits.SMALL):
            raise OverflowError(f"{operator!r} of such values is not for templates")
        if operator == "%" and isinstance(left, str):
            render_limits.require_room(left, [right])
        return render_limits.check_size(super().call_binop(context, operator, left, right))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, BaseModel):
            kind = type(obj)
            declared = getattr(kind, attr, None)
            return attr in kind.model_fields or isinstance(declared, property | cached_property)
        return super().is_safe_attribute(obj, attr, value)


class _Counting(NodeTransformer):
    """Adds a counter to each loop and output, and a size check to each join of texts or lists."""

    def visit_For(self, node: jinja2.nodes.For) -> jinja2.nodes.Node:
        self.generic_visit(node)
        node.iter = _filtered(node.iter, "turns")
        return node

    def visit_Output(self, node: jinja2.nodes.Output) -> jinja2.nodes.Node:
        self.generic_visit(node)
        node.nodes = [_filtered(one, "written") for one in node.nodes]
        return node

    def visit_Concat(self, node: jinja2.nodes.Concat) -> jinja2.nodes.Node:
        self.generic_visit(node)
        return _filtered(node, "held")

    def visit_List(self, node: jinja2.nodes.List | jinja2.nodes.Dict) -> jinja2.nodes.Node:
        self.generic_visit(node)
        return _filtered(node, "held")

    visit_Dict = visit_List

    def visit_Tuple(self, node: jinja2.nodes.Tuple) -> jinja2.nodes.Node:
        self.generic_visit(node)
        return _filtered(node, "held") if node.ctx == "load" else node

    def visit_AssignBlock(self, node: jinja2.nodes.AssignBlock) -> jinja2.nodes.Node:
        self.generic_visit(node)
        # A filter of a block has nothing in its innermost place: there the block's text goes.
        node.filter = _filtered(node.filter, "held")
        return node


def _filtered(node: Any, name: str) -> jinja2.nodes.Filter:
    return jinja2.nodes.Filter(node, name, [], [], None, None, lineno=node.lineno if node else 1)


class _Namespace(Namespace):
    """The result of `namespace()`, shown without its content, which may refer to itself endlessly."""

    def __repr__(self) -> str:
        return "<namespace>"


class _Missing(jinja2.StrictUndefined):
    """An undefined name; its message names the owner and the nearest existing name."""

    @property
    def _undefined_message(self) -> str:
        lacks, name = self._undefined_obj, self._undefined_name
        if isinstance(lacks, Companions):
            return f"the prompt has no companion {name!r} - {suggest(str(name), lacks, noun='it has')}"
        if not isinstance(lacks, BaseModel) or not isinstance(name, str):
            return super()._undefined_message
        kind = type(lacks)
        own = (each for each in vars(kind) if isinstance(vars(kind)[each], property | cached_property) and each[0] != "_")
        return f"{kind.__name__} has no {name!r} - {suggest(name, [*kind.model_fields, *own], noun='it has')}"


def _guarded(name: str) -> Any:
    """Jinja's filter `name`, or promptwire's replacement, with limits on arguments and results.

    It takes the context, so that Jinja does not evaluate it while it compiles a template.
    """
    inner = _OWN.get(name, DEFAULT_FILTERS[name])
    wanted = getattr(getattr(inner, "jinja_pass_arg", None), "name", "")

    @jinja2.pass_context
    def guard(context: Any, value: Any, *args: Any, **named: Any) -> Any:
        render_limits.look()
        require_filter(name, value, args, named)
        passed = {"context": context, "eval_context": context.eval_ctx, "environment": context.environment}
        made = inner(*([passed[wanted]] if wanted else []), value, *args, **named)
        return render_limits.counted_steps(made) if isinstance(made, Iterator) else render_limits.check_size(made)

    return guard


@jinja2.pass_context
def _written(context: Any, value: Any) -> str:
    """`value` as text, counted. It takes the context, so that Jinja does not evaluate it while it compiles a template."""
    return render_limits.count_output(value)


@jinja2.pass_eval_context
def _join(context: Any, value: Iterable[Any], d: Any = "", attribute: Any = None) -> str:
    """Jinja's `join`, measured while it joins."""
    if attribute is not None:
        value = map(make_attrgetter(context.environment, attribute), value)
    return _joined(str(d), value)


def _joined(mark: str, values: Iterable[Any]) -> str:
    """`values` with `mark` between them, measured on the way."""
    pieces: list[str] = []
    size = 0
    for one in values:
        pieces.append(str(one))
        size += len(pieces[-1]) + len(mark)
        if size > render_limits.MAX_VALUE:
            raise OverflowError(render_limits.LARGE)
    return mark.join(pieces)


@jinja2.pass_environment
def _sum(environment: Any, iterable: Iterable[Any], attribute: Any = None, start: Any = 0) -> Any:
    """Jinja's `sum`, of numbers alone: lists would be copied once for each."""
    if not isinstance(start, int | float):
        raise OverflowError("the sum of anything but numbers is not for templates")
    return DEFAULT_FILTERS["sum"](environment, iterable, attribute, start)


@jinja2.pass_eval_context
def _replace(context: Any, s: Any, old: Any, new: Any, count: int | None = None) -> Any:
    """Jinja's `replace`, measured before it replaces."""
    render_limits.require_short(str(s), str(old), str(new))
    return DEFAULT_FILTERS["replace"](context, s, old, new, count)


def _among(value: Any, values: Any) -> bool:
    """Jinja's test `in`, counted: `select` asks it of every element."""
    render_limits.count_step()
    return value in values


_SANDBOX = _Sandbox(undefined=_Missing, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False)
_OWN: Final = {"join": _join, "sum": _sum, "replace": _replace, "pprint": pretty}
_SANDBOX.filters = {name: _guarded(name) for name in DEFAULT_FILTERS}
# The compiler puts these in; no template names them.
_SANDBOX.filters |= {"turns": render_limits.counted_steps, "held": render_limits.check_size, "written": _written}
_SANDBOX.tests["in"] = _among
_SANDBOX.globals["namespace"] = _Namespace
del _SANDBOX.globals["lipsum"]  # unlimited filler text
del _SANDBOX.filters["random"]  # a different text each time would be a new paid request each time


def compiled(source: str) -> Compiled:
    """The template in `source`. Raises BadSyntax."""
    with _bounded():
        return _SANDBOX.from_string(source)


def nearest(error: BadSyntax) -> str:
    """A hint for an unknown filter or test in `error`; empty for other mistakes."""
    unknown = re.match(r"No (filter|test) named '(\w+)'", error.message or "")
    if unknown is None:
        return ""
    if unknown[2] == "random":
        return "write choice(LIST): a draw by the run's seed"
    return suggest(unknown[2], _SANDBOX.filters if unknown[1] == "filter" else _SANDBOX.tests, otherwise="")


def variables_of(source: str) -> set[str]:
    """The variables that the template in `source` reads. Raises BadSyntax."""
    with _bounded():
        return jinja2.meta.find_undeclared_variables(_SANDBOX.parse(source))


def plain_outputs(source: str, names: Collection[str]) -> tuple[tuple[str, ...], ...] | None:
    """The outputs of `names` and of their attributes in the template in `source`, in order, such as `("input", "text")`.

    None when one of the names is used in any other way: in a condition, a loop, a filter, a call, or an assignment. Otherwise
    the rest of the rendered text is the same for all their values.
    """
    found: list[tuple[str, ...]] = []
    for node in _SANDBOX.parse(source).body:
        inside = node.nodes if isinstance(node, jinja2.nodes.Output) else [node]
        for one in inside:
            path = _path(one.node) if isinstance(one, jinja2.nodes.Filter) and one.name == "written" else ()
            if path and path[0] in names:
                found.append(path)
            elif any(
                name.name in names for name in [one, *one.find_all(jinja2.nodes.Name)] if isinstance(name, jinja2.nodes.Name)
            ):
                return None
    return tuple(found)


def _path(node: Any) -> tuple[str, ...]:
    """A variable and at most one attribute of it; empty for any other expression."""
    if isinstance(node, jinja2.nodes.Getattr) and isinstance(node.node, jinja2.nodes.Name):
        return node.node.name, node.attr
    return (node.name,) if isinstance(node, jinja2.nodes.Name) else ()


@contextmanager
def _bounded() -> Iterator[None]:
    """Turn errors of Python's parser and compiler into BadSyntax."""
    try:
        yield
    except (RecursionError, SyntaxError, MemoryError, ValueError) as error:
        raise BadSyntax(f"this can't be compiled, it is too deeply nested or too large: {error}", 1) from error


def pieces_of(template: Compiled, values: Mapping[str, Any]) -> Generator[str, None, None]:
    """Render the template with `values`, piece by piece. Raises any error of an expression in it."""
    with render_limits.dealt():
        yield from template.generate(values)
