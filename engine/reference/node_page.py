"""Page of one node type, made from its code: fields with types, defaults and docstrings.

Its example comes from a shipped pipeline, so it works; see `node_example`.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from promptwire.cache.policy import CachePolicy
from promptwire.graph.port_types import is_optional, name_of
from promptwire.graph.step_keys import STEP_KEYS, OnError, keys_of
from promptwire.language.step_spec import CallSpec
from promptwire.node import NodeType
from promptwire.reference.field_docs import add_field_docs
from promptwire.reference.node_example import node_example
from promptwire.registry.node_types import Registry
from promptwire.values import Critique, Entry, Example, ExampleAnswers, Failure, FailureGroup, Model, Pair, Prompt

__all__ = ["TEMPLATE_FUNCTIONS", "TEMPLATE_VALUES", "NodeFacts", "node_facts", "node_page", "template_fields"]

_WIDTH = 118
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}

TableRow = tuple[str, str, str]
"""Name; type and default; description."""

TEMPLATE_VALUES = (Prompt, Example, Failure, FailureGroup, ExampleAnswers, Critique, Entry, Pair)
"""Classes of values whose fields a template can read."""

TEMPLATE_FUNCTIONS = {
    "asked": "asked(prompt, example): the text sent to the task model.",
    "choice": "choice(list): one element, drawn by the run's seed.",
    "shuffled": "shuffled(list): all elements in an order drawn by the run's seed.",
    "uniform": "uniform(low, high): a number between them, drawn by the run's seed.",
    "normal": "normal(mean, deviation): a number of the normal distribution, drawn by the run's seed; 0 and 1 when not given.",
    "beta": "beta(a, b): a number between 0 and 1 of the beta distribution, drawn by the run's seed.",
    "log": "log(number): the natural logarithm of a number above 0.",
    "exp": "exp(number): the exponential function.",
    "sqrt": "sqrt(number): the square root of a number that is not negative.",
    "overlap": "overlap(one, other): share of their words that both have, of texts, prompts, examples or critiques.",
}
"""Functions that every template of a step can call; one that scores prompts draws nothing."""


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """Facts about a node type, for its page."""

    name: str
    """Its name in YAML."""
    about: str
    """Its purpose and source."""
    sections: dict[str, list[TableRow]]
    """Tables of inputs, params, outputs, template variables and engine keys; without the empty ones."""
    source: str
    """Source of the example."""
    example: str
    """A call of the node type, as YAML."""


def node_page(name: str) -> str:
    """Page of the node type `name` for a terminal. Raises UsageError with the nearest name."""
    found = node_facts(name)
    parts = [f"{found.name} - {found.about}", *(_section(title, rows) for title, rows in found.sections.items())]
    parts.append(f"example ({found.source})\n" + textwrap.indent(found.example, "  "))
    return "\n\n".join(parts) + "\n"


def node_facts(name: str) -> NodeFacts:
    """Facts about the node type `name`. Raises UsageError with the nearest name."""
    kind = Registry().find(name)
    # A built-in has its own file, whose docstring describes it; a plug-in's file may hold several nodes.
    manual = kind.run if ":" in name else sys.modules[kind.run.__module__]
    about = inspect.getdoc(manual) or kind.doc
    about = about if ":" in name else about.partition(": ")[2] or kind.doc
    add_field_docs(kind.inputs, kind.params, kind.outputs, *([kind.slots] if kind.slots else []))
    source, example = node_example(kind)
    sections = {
        "inputs": _ports(kind.inputs),
        "params": [(_yaml(key), param_summary(field), field.description or "") for key, field in fields(kind.params)],
        "outputs": _outputs(kind),
        "template variables": _slots(kind),
        "fields of these values": _behind(kind),
        "engine keys": _engine_keys(kind),
    }
    return NodeFacts(kind.name, about, {title: rows for title, rows in sections.items() if rows}, source, example)


def fields(schema: type[Model]) -> list[tuple[str, FieldInfo]]:
    """Fields of a pydantic model."""
    return list(schema.model_fields.items())


def param_summary(field: FieldInfo) -> str:
    """Type, range and default of a param, such as `int, at least 1, default 4`."""
    words = [_type(field.annotation), *_bounds(field)]
    if field.is_required():
        return ", ".join([*words, "required"])
    default = field.get_default(call_default_factory=True)
    return ", ".join([*words, f"default {_shown(default)}"])


def _type(annotation: Any) -> str:
    parts = [part for part in get_args(annotation) if part is not type(None)] if is_optional(annotation) else [annotation]
    words = []
    for part in parts:
        if get_origin(part) is Literal:
            words.append(" | ".join(map(str, get_args(part))))
        elif get_origin(part) in (tuple, list):
            choices = [each for each in get_args(part) if get_origin(each) is Literal]
            words.append(f"list of {_type(choices[0])}" if choices else "list")
        else:
            words.append({"str": "text"}.get(part.__name__, part.__name__))
    return " or ".join(words)


def _bounds(field: FieldInfo) -> Iterator[str]:
    for rule in field.metadata:
        for key, words in _BOUNDS.items():
            if getattr(rule, key, None) is not None:
                yield f"{words} {getattr(rule, key):g}"


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_shown, value))}]"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _yaml(key: str) -> str:
    return key.rstrip("_")


def _ports(schema: type[Model]) -> list[TableRow]:
    return [
        (_yaml(key), name_of(field.annotation) + ("" if field.is_required() else ", optional"), field.description or "")
        for key, field in fields(schema)
    ]


def _outputs(kind: NodeType) -> list[TableRow]:
    return [
        (key, name_of(field.annotation) + (", main" if key == kind.main else ""), field.description or "")
        for key, field in fields(kind.outputs)
    ]


def _slots(kind: NodeType) -> list[TableRow]:
    if kind.slots is None:
        return []
    own = [(key, _slot(field.annotation), field.description or "") for key, field in fields(kind.slots)]
    return [*own, *((name, "function", about) for name, about in TEMPLATE_FUNCTIONS.items())]


def _behind(kind: NodeType) -> list[TableRow]:
    """Fields of the values in its template variables, nested values included."""
    kinds: dict[type[Model], None] = {}

    def gather(annotation: Any) -> None:
        for inner in get_args(annotation):
            gather(inner)
        if inspect.isclass(annotation) and issubclass(annotation, Model) and annotation not in kinds:
            kinds[annotation] = None
            for field in annotation.model_fields.values():
                gather(field.annotation)

    for field in kind.slots.model_fields.values() if kind.slots else ():
        gather(field.annotation)
    return [(each.__name__, "has", ", ".join(template_fields(each))) for each in kinds if each in TEMPLATE_VALUES]


def template_fields(kind: type[Model]) -> dict[str, str]:
    """Fields and properties that a template can read of a `kind`, with their docstrings."""
    own = {name: inspect.getdoc(value) for name, value in vars(kind).items() if isinstance(value, property | cached_property)}
    told = {name: field.description for name, field in kind.model_fields.items()} | own
    return {name: " ".join((about or "").split()) for name, about in told.items() if name[0] != "_"}


def _slot(annotation: Any) -> str:
    if get_origin(annotation) is tuple:
        return f"list of {_slot(get_args(annotation)[0])}"
    return _type(annotation) + (" or none" if is_optional(annotation) else "")


def _engine_keys(kind: NodeType) -> list[TableRow]:
    needed = kind.slots is not None
    rows = {
        "model": (f"role, default {kind.role}", "Which model it calls: task, meta or judge."),
        "template": ("file, required", "Template of the text." if kind.renders else "Template of the request.")
        if needed
        else ("file, default the task's", "How prompt and input are joined."),
        "with": ("mapping", "More variables for the template, each a value or a reference."),
        "parse": ("mapping", "How the reply is read, in place of the template's own rule."),
        "metric": ("name, default the task's", "How an answer is scored."),
        "settings": ("mapping", "Sampling settings: temperature, max_tokens, stop, ..."),
        "cache": (" | ".join(get_args(CachePolicy)), "How it uses the response cache; the run's policy when not set."),
        "on_error": (
            " | ".join(get_args(OnError)),
            "After all tries of a call failed: fail ends the run, skip leaves the call out, retry starts its tries again.",
        ),
        "retries": ("int, default 3", "With retry: how often the tries start again before the run ends."),
        "max_failed": ("share, default 1", "With skip: share of the step's calls that may be left out."),
    }
    add_field_docs(CallSpec)
    of_every_step = [(key, "reference or list", CallSpec.model_fields[key].description or "") for key in STEP_KEYS]
    return [*((key, *rows[key]) for key in keys_of(kind)), *of_every_step]


def _section(title: str, rows: list[TableRow]) -> str:
    first, second = (max(len(row[column]) for row in rows) + 2 for column in (0, 1))
    second = min(second, 46)
    lines = [title]
    for name, kind, doc in rows:
        head = f"  {name:<{first}}{kind:<{second}}"
        text = " ".join(doc.split())
        if len(kind) >= second:
            lines.append(head.rstrip())
            head = " " * (2 + first + second)
        lines += textwrap.wrap(text, _WIDTH, initial_indent=head, subsequent_indent=" " * (2 + first + second)) or [
            head.rstrip()
        ]
    return "\n".join(lines)
