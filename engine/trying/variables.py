"""The variables of a step's template: settings, sets of the size that a run has, and which of their values are made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from promptwire.bounds import Extent
from promptwire.graph.port_types import is_optional, type_of
from promptwire.graph.port_values import empty
from promptwire.planning.call_bounds import CallBounds
from promptwire.trying.made_up import Maker
from promptwire.values.members import MEMBER_TYPES, prompt_of

__all__ = ["Shown", "add_slot"]

_SHORT: Final = 40
"""Length of a text up to which it is named in the list of variables."""


@dataclass(slots=True)
class Shown:
    """Values of a template's variables, and which of them are made up."""

    values: dict[str, Any] = field(default_factory=dict)
    real: list[str] = field(default_factory=list)
    made_up: list[str] = field(default_factory=list)

    def add(self, name: str, value: Any, *, made_up: bool, read: frozenset[str]) -> None:
        """Add a variable. Only those that the template reads are listed."""
        self.values[name] = value
        if name in read:
            (self.made_up if made_up else self.real).append(f"{name}{_amount(value)}")


def add_slot(shown: Shown, name: str, annotation: Any, bounds: CallBounds, maker: Maker, read: frozenset[str]) -> None:
    """Add a variable that the node itself provides: a setting, or a value made of its inputs."""
    step, kind, maker.made_up = bounds.step, bounds.step.type, False
    wired = {port.rstrip("_") for port in step.wires}
    if step.members is not None and name in ("item", "prompt"):
        item = shown.values.get("item") or maker.value(MEMBER_TYPES[step.members], "item")
        maker.made_up = maker.made_up or name == "item"
        value = item if name == "item" else prompt_of(item)
    elif name in kind.params.model_fields:
        value = getattr(bounds.params, name, None)
        value = value if bounds.params is not None else maker.value(annotation, name)
    elif _is_unwired(name, kind.inputs.model_fields, wired):
        value = None if is_optional(annotation) else () if _is_sequence(annotation) else empty(type_of(annotation))
    else:
        # Of a family, the donors are the others: a set of their own size would show one parent too many.
        family = shown.values.get("family") if name == "donors" else None
        value = family[1:] if family else maker.value(annotation, name, _extent(name, annotation, bounds))
        maker.made_up = maker.made_up or bool(family)
    shown.add(name, value, made_up=maker.made_up, read=read)


def _is_unwired(name: str, fields: Mapping[str, Any], wired: set[str]) -> bool:
    """Whether the variable comes from an optional input without a wire."""
    port = name if name in fields else f"{name}s"
    return port in fields and port not in wired and name not in wired


def _is_sequence(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is tuple


def _extent(name: str, annotation: Any, bounds: CallBounds) -> Extent | None:
    """Size of a variable in a run: that of the input with its name, or of the parts of an input."""
    if name in bounds.shown:
        return bounds.shown[name]
    inside = [size.inside for size in bounds.shown.values() if size.inside]
    parts = getattr(annotation, "__args__", ())[:1]
    return Extent.exactly(inside[0]) if inside and _is_sequence(annotation) and parts != (str,) else None


def _amount(value: Any) -> str:
    """How many elements a set has, or the value of a setting."""
    if value is None:
        return " (none)"
    if isinstance(value, str):
        return f" {value!r}" if len(value) < _SHORT else ""
    if isinstance(value, int | float):
        return f" {value!r}"
    return f" ({len(value)})" if hasattr(value, "__len__") else ""
