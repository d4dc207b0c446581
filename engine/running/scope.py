"""Names and values while a graph runs: one scope per graph, nested for loops.

A state or variable of a loop may have the name of a value outside, which it hides. So a look-up walks outwards and takes the
first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from promptwire.graph.port_values import as_set, is_true, union, widen
from promptwire.graph.steps import Gate, LiteralValue, Ref, RefUnion, Step, Wire

__all__ = ["Scope"]


class Scope:
    """Values by name, and step outputs by port."""

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        around: Scope | None = None,
        round: str = "",
        element: str = "",
        twin: str = "",
    ) -> None:
        """`round` and `element` name the rounds and elements of the loops around, for random draws and records.

        `twin` holds for each element how many equal elements come before it.
        """
        self._values: dict[str, Any] = dict(values)
        self._ports: dict[str, Mapping[str, Any]] = {}
        self._around = around
        self.round = round
        self.element = element
        self.twin = twin
        self.enter: Callable[[Step], Awaitable[None]] | None = None
        """Waits until a step of this graph may start, in a loop whose rounds overlap."""
        self.leave: Callable[[Step], None] | None = None
        """Called when such a step is done."""

    def provide(self, name: str, value: Any) -> None:
        """Set the value of a name of this graph: a state that was not there when the scope was made."""
        self._values[name] = value

    def done(self, step: str, outputs: Mapping[str, Any]) -> None:
        """Store the outputs of a step; the first one is the main one."""
        self._ports[step] = outputs

    def inside(
        self, values: Mapping[str, Any], *, round: str | None = None, element: str | None = None, twin: str | None = None
    ) -> Scope:
        """Return a new scope inside this one."""
        return Scope(
            values,
            around=self,
            round=self.round if round is None else round,
            element=self.element if element is None else element,
            twin=self.twin if twin is None else twin,
        )

    def given(self, name: str) -> Any:
        """Return the value of an input or param of this graph."""
        return self._values[name]

    def look_up(self, ref: Ref) -> Any:
        """Return the value that `ref` names. A KeyError means a fault of the checker: it should have refused the graph."""
        return as_set(self._found(ref)) if ref.as_set else self._found(ref)

    def holds(self, gate: Gate) -> bool:
        """Return whether all conditions of `gate` hold."""
        return all(any(is_true(self.look_up(ref)) for ref in one.refs) == one.wanted for one in gate.conditions)

    def _found(self, ref: Ref) -> Any:
        scope: Scope | None = self
        while scope is not None:
            if ref.name in scope._ports:
                ports = scope._ports[ref.name]
                return ports[ref.port] if ref.port else next(iter(ports.values()))
            if ref.name in scope._values:
                return scope._values[ref.name]
            scope = scope._around
        raise KeyError(str(ref))

    def value(self, wire: Wire, wanted: Any = None) -> Any:
        """Return the value on `wire`, widened to the type `wanted` if given."""
        if isinstance(wire, LiteralValue):
            return wire.value
        if isinstance(wire, RefUnion):
            return union([self.look_up(ref) for ref in wire.refs], wanted)
        value = self.look_up(wire)
        return value if wanted is None else widen(value, wanted)
