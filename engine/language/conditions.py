"""Reads `when:`, `unless:` and `until:`: references to values that count as true or false.

A Bool counts as itself, and a set as true when it is not empty. Of a list of references, one true value is enough. A step that
is not run gives empty outputs. A single Prompt or Example has no empty value: other steps read it as a set of at most one, and
a step under the same conditions reads it as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from promptwire.documents.document import KeyPath, YamlValue
from promptwire.graph.port_types import can_be_true, name_of
from promptwire.graph.step_keys import STEP_KEYS
from promptwire.graph.steps import Condition, Gate, Ref, RepeatStep
from promptwire.language.context import BuildResult, GraphScope
from promptwire.language.references import Target, fitting_output, refer, type_of_wire
from promptwire.language.symbols import looks_like_reference

__all__ = ["gated", "read_conditions", "true_refs"]


def read_conditions(scope: GraphScope, at: KeyPath) -> tuple[Condition, ...]:
    """The conditions of the step at `at`. Errors are reported."""
    found = []
    for key in STEP_KEYS:
        written = scope.value_at(at).get(key)
        if written is not None and written.value is not None:
            refs = true_refs(scope, written, key)
            if refs:
                found.append(Condition(refs, key == "when", tuple(sorted(_source(scope, ref) for ref in refs))))
    return tuple(found)


def _source(scope: GraphScope, ref: Ref) -> str:
    """What `ref` reads: a name may mean another value in a loop."""
    symbol = scope.names.find(ref.name)
    return f"{symbol.location if symbol else ''} {ref}"


def true_refs(scope: GraphScope, written: YamlValue, key: str) -> tuple[Ref, ...]:
    """The references under `key`: one, or a list of which one true value is enough. Errors are reported."""
    items = written.value if isinstance(written.value, list) else [written]
    refs = []
    for item in items:
        if not looks_like_reference(item.value):
            message = f"{key!r} needs a reference to a Bool or a set, or a list of them"
            scope.diagnostics.error("type-mismatch", item.location, message, "write $name")
            continue
        ref = refer(item, Target(repr(key), optional=True), scope)
        if ref is None:
            continue
        kind = type_of_wire(ref, scope.names)
        if kind is not None and not can_be_true(kind):
            message = f"{ref} is {name_of(kind)}, but {key!r} needs a Bool or a set"
            symbol = scope.names.find(ref.name)
            hint = fitting_output(symbol, ref.port, bool) if symbol else ""
            scope.diagnostics.error("type-mismatch", item.location, message, hint)
        else:
            refs.append(ref)
    return tuple(refs)


def gated(built: BuildResult, conditions: tuple[Condition, ...]) -> BuildResult:
    """`built` with its conditions. A loop that is not run leaves its states as they start, so it needs no empty outputs."""
    if not conditions or built.step is None:
        return built
    outputs: Mapping[str, type] = {name: kind or type(None) for name, kind in (built.ports or {}).items()}
    alone = () if isinstance(built.step, RepeatStep) else conditions
    return replace(built, step=replace(built.step, gate=Gate(conditions, outputs)), conditions=alone)
