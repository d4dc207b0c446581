"""Reports about a whole graph: cycles, and names that are never used."""

from __future__ import annotations

from promptwire.documents.document import KeyPath
from promptwire.language.context import GraphScope
from promptwire.language.symbols import referenced_names

__all__ = ["report_cycle", "report_unused"]


def report_cycle(scope: GraphScope, cycle: tuple[str, ...], at: KeyPath) -> None:
    """Report nodes that wait for each other, with the usual way out."""
    location = scope.location((*at, cycle[0]))
    if len(cycle) == 1 and scope.value_at((*at, cycle[0])).get("repeat") is not None:
        message, hint = f"the loop {cycle[0]!r} needs itself", "inside a loop write $state, not $loop.state"
    elif len(cycle) == 1:
        message, hint = f"{cycle[0]!r} needs its own result", "to feed a result back, use a 'repeat' with 'carry'"
    else:
        message = f"these nodes wait for each other: {' -> '.join((*cycle, cycle[0]))}"
        hint = _state_hint(scope, cycle, at) or "to feed a result back, put them into a 'repeat' and 'carry' it"
    scope.diagnostics.error("cycle", location, message, hint)


def _state_hint(scope: GraphScope, cycle: tuple[str, ...], at: KeyPath) -> str:
    """Hint for a cycle in a loop body: the state with the previous round's value. Empty when there is none."""
    carry = scope.value_at(at[:-1]).get("carry")
    for state, yaml_value in carry.value.items() if carry is not None and isinstance(carry.value, dict) else ():
        following = yaml_value.get("next")
        for name in referenced_names(following) if following is not None else ():
            if name in cycle:
                return f"the value of ${name} from the previous round is the state ${state}: use ${state}"
    return ""


def report_unused(scope: GraphScope) -> None:
    """Warn of inputs, params and states that are never used. A patch of a node inside may leave an input or a param unused."""
    diagnostics = scope.diagnostics
    for symbol in () if scope.source.patched else scope.names.own.values():
        if symbol.kind in ("input", "param") and not (symbol.used or symbol.clashes):
            diagnostics.warn("unused-name", symbol.location, f"{symbol.kind} {symbol.name!r} is never used")
    for loop, state in scope.states:
        if not state.used and state.name not in loop.used:
            hint = f"read ${state.name} inside the loop, or ${loop.name}.{state.name} after it"
            diagnostics.warn("unread-state", state.location, f"state {state.name!r} is never used", hint)
