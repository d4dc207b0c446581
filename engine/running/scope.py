"""Names and their values while a graph runs: one scope per graph, loops' bodies inside the scope around them.

No name shadows another (the checker sees to it), so a look-up that walks outwards finds the only one there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptwire.graph.port_types import union, widen
from promptwire.graph.steps import LiteralValue, Ref, RefUnion, Wire

__all__ = ["Scope"]


class Scope:
    """Values by name, and by port for what a step gave."""

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        around: Scope | None = None,
        round: str = "",
        element: str = "",
        twin: str = "",
    ) -> None:
        """`round` and `element` say which rounds of which loops and which elements this is, for random draws and records.

        `twin` says of each element how many equal ones come before it.
        """
        self._values: dict[str, Any] = dict(values)
        self._ports: dict[str, Mapping[str, Any]] = {}
        self._around = around
        self.round = round
        self.element = element
        self.twin = twin

    def done(self, step: str, outputs: Mapping[str, Any]) -> None:
        """Take what a step gave; its first output is the main one."""
        self._ports[step] = outputs

    def inside(
        self, values: Mapping[str, Any], *, round: str | None = None, element: str | None = None, twin: str | None = None
    ) -> Scope:
        """A scope in this one."""
        return Scope(
            values,
            around=self,
            round=self.round if round is None else round,
            element=self.element if element is None else element,
            twin=self.twin if twin is None else twin,
        )

    def look_up(self, ref: Ref) -> Any:
        """The value that `ref` names. A KeyError would be a hole in the checker, not a user's mistake."""
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
        """The value on `wire`, made the type `wanted` where that is given."""
        if isinstance(wire, LiteralValue):
            return wire.value
        if isinstance(wire, RefUnion):
            return union([self.look_up(ref) for ref in wire.refs], wanted)
        value = self.look_up(wire)
        return value if wanted is None else widen(value, wanted)
