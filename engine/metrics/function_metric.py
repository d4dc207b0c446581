"""Metrics given in Python: a plain function becomes a metric whose name holds a hash of its source.

The name is part of the task's fingerprint, of tables of scores and of reports. So scores of two versions of a function are
never taken for scores of one metric. The hash covers the function's source, its default values, and the functions and
constants that it uses, also those of the user's other files. What has no stable text, such as a loaded model, needs a
version that the user gives.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import sysconfig
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

from promptwire.errors import NodeError, UsageError
from promptwire.metrics.metric import Metric, metric
from promptwire.values import Example
from promptwire.values.hashing import canonical, digest

__all__ = ["check_metric", "function_metric", "source_texts"]

_HASH: Final = 10
"""Hexadecimal digits of the hash in a name."""
_TRIED: Final = 50
"""Most examples on whose own outputs a function is tried."""
_HINT: Final = "give the metric a version of its own: metric_version='1', and another one when it changes"


def function_metric(function: Callable[..., Any] | Metric, version: str | None = None) -> Metric:
    """The metric that calls `function(answer, outputs)`; its name is `NAME@HASH`, or `NAME@VERSION` with a `version`.

    `function` may have the decorator `@metric()`. Raises UsageError when it is no plain function, or when its hash can't be
    made and there is no version.
    """
    value = function.value if isinstance(function, Metric) else function
    if inspect.iscoroutinefunction(value):
        raise UsageError("the metric is a coroutine function", hint="give a plain function of an answer and its outputs")
    if not callable(value):
        raise UsageError(f"the metric is {type(value).__name__}, neither a name nor a function")
    name = re.sub(r"\W+", "-", getattr(value, "__name__", type(value).__name__)).strip("-_")
    mark = digest(source_texts(value), _HASH) if version is None else version
    made = function if isinstance(function, Metric) else replace(metric()(_named(value)), doc=_doc(value))
    return replace(made, name=f"{name.replace('_', '-')}@{mark}")


def source_texts(function: Any) -> list[str]:
    """Texts that change when `function` changes. Raises UsageError for what has no such text."""
    return sorted(set(_parts(function, set())))


def check_metric(metric: Metric, examples: Sequence[Example], labels: Sequence[str]) -> None:
    """Raise UsageError when `metric` fails on the accepted outputs of `examples`, or gives each of them 0 or less."""
    values = []
    for example in examples[:_TRIED]:
        try:
            values.append(metric.measure(example.output, example, labels).value)
        except NodeError as error:
            hint = error.hint or "it is called with an answer and the tuple of accepted outputs"
            raise UsageError(f"{error.problem}; this answer is an accepted output", hint=hint) from error
    if values and max(values) <= 0:
        hint = "it gets the tuple of accepted outputs: `answer in outputs`, not `answer == outputs`; decorate it with "
        hint += "@promptwire.authoring.metric() if 0 is right for them"
        raise UsageError(f"the metric {metric.name!r} gives {max(values):g} to the accepted outputs themselves", hint=hint)


def _named(value: Callable[..., Any]) -> Callable[..., Any]:
    """`value` with the attributes that the decorator reads; a callable object has none of them."""
    if isinstance(value, FunctionType):
        return value

    def call(answer: str, outputs: tuple[str, ...]) -> Any:
        return value(answer, outputs)

    return call


def _doc(value: Any) -> str:
    return (inspect.getdoc(value) or "").partition("\n")[0]


def _parts(value: Any, seen: set[int]) -> Iterator[str]:
    """Yield texts that change when the function `value` changes. Raises UsageError for what has no such text."""
    if not isinstance(value, FunctionType):
        raise UsageError(f"the metric is a {type(value).__name__}, whose source can't be read", hint=_HINT)
    if id(value) in seen:
        return
    seen.add(id(value))
    yield f"source {_source(value)}"
    cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
    used = {name: cell.cell_contents for name, cell in cells}
    used |= {name: value.__globals__[name] for name in _names(value.__code__) if name in value.__globals__}
    used |= {f"default {number}": default for number, default in enumerate(value.__defaults__ or ())}
    used |= value.__kwdefaults__ or {}
    yield from _used(used, value, seen)


def _used(used: Mapping[str, Any], function: FunctionType, seen: set[int]) -> Iterator[str]:
    """Yield texts of what `function` uses, by name: sources of functions that are the user's own, else values."""
    for name, one in sorted(used.items()):
        if isinstance(one, FunctionType) and (one.__module__ == function.__module__ or _is_own(one.__module__)):
            yield from _parts(one, seen)
        elif isinstance(one, ModuleType) and _is_own(one.__name__) and id(one) not in seen:
            seen.add(id(one))
            yield one.__name__
            # Which of its names are meant can't be told from the instructions: all that are named there count.
            found = {key: vars(one)[key] for key in _names(function.__code__) if key in vars(one)}
            yield from _used(found, function, seen)
        else:
            yield f"{name} = {_text(name, one)}"


def _is_own(module: str) -> bool:
    """Whether `module` is a file of the user's, which changes without a version: not of Python, a package or promptwire."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file or module.partition(".")[0] == __name__.partition(".")[0]:
        return False
    installed = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    return not any(Path(file).is_relative_to(folder) for folder in installed)


def _names(code: CodeType) -> set[str]:
    """Names that `code` and the functions inside it look up: also attributes, which do no harm here."""
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return set(code.co_names).union(*(_names(one) for one in inner))


def _source(function: FunctionType) -> str:
    """The source without comments and layout; the instructions where there is no source, as in `python -c`."""
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return _instructions(function.__code__)
    try:
        tree = ast.parse(text)
    except SyntaxError:  # a lambda in the middle of a statement of several lines
        return _instructions(function.__code__) if function.__name__ == "<lambda>" else text
    lambdas = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    if function.__name__ != "<lambda>":
        return ast.unparse(tree)
    return ast.unparse(lambdas[0]) if len(lambdas) == 1 else _instructions(function.__code__)


def _instructions(code: CodeType) -> str:
    return f"{code.co_code.hex()} {[_constant(one) for one in code.co_consts]} {code.co_names}"


def _constant(value: Any) -> str:
    """A text of a constant; the order of a set differs from process to process."""
    if isinstance(value, CodeType):
        return _instructions(value)
    return str(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def _text(name: str, value: Any) -> str:
    """A text of `value` that is the same in each process. Raises UsageError when there is none."""
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, re.Pattern):
        return f"{value.pattern!r} {value.flags}"
    if isinstance(value, set | frozenset):
        return str(sorted(_text(name, one) for one in value))
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{getattr(value, '__module__', '')}.{value.__qualname__}"
    try:
        return canonical(value)
    except (TypeError, ValueError, RecursionError) as error:
        problem = f"the metric uses {name!r}, a {type(value).__name__} that its hash can't cover"
        raise UsageError(problem, hint=_HINT) from error
