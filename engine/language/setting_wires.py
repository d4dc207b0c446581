"""Connects settings: values that must be known before the run, because they decide the cost."""

from __future__ import annotations

from promptwire.documents.document import YamlValue
from promptwire.graph.steps import Wire
from promptwire.graph.wires import refs_of
from promptwire.language.context import GraphScope
from promptwire.language.references import Target, connect

__all__ = ["connect_setting"]


def connect_setting(scope: GraphScope, yaml_value: YamlValue, target: Target) -> Wire | None:
    """Connect a setting: a literal, or a reference to a param or loop variable. Cost must be known before the run."""
    diagnostics = scope.diagnostics
    before = diagnostics.count
    wire = connect(yaml_value, target, scope)
    for ref in refs_of(wire):
        symbol = scope.names.find(ref.name)
        if symbol and not symbol.clashes and symbol.kind not in ("param", "variable"):
            hint = "it takes a value, a param or a loop variable"
            diagnostics.error(
                "not-a-setting",
                ref.location,
                f"{target.label} is a setting, and {ref} is known only during the run",
                hint,
            )
    return wire if diagnostics.count == before else None
