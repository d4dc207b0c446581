"""Builds one call of a node type: its wires, its settings, its engine keys.

Ports and params stand side by side in YAML, so the hint for an unknown key considers both. Settings are validated by the node's
own pydantic model with every value that they can have, elements of a loop's list included. A bad value is therefore found by
the check, before round 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from itertools import islice, product
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from promptwire.backend import Settings
from promptwire.documents.document import YamlValue
from promptwire.documents.validation_errors import message_for
from promptwire.errors import UsageError, suggest
from promptwire.graph.port_types import is_optional, member_sets, name_of, set_of, type_of
from promptwire.graph.step_keys import ENGINE_KEYS, STEP_KEYS
from promptwire.graph.steps import ROUND, CallStep, LiteralValue, Ref, Wire
from promptwire.language.context import BuildResult, GraphScope, StepEntry
from promptwire.language.model_keys import ModelCall, model_call_spec, template_spec
from promptwire.language.references import Target, connect, known_values, type_of_wire
from promptwire.language.setting_wires import connect_setting
from promptwire.language.step_spec import CallSpec
from promptwire.language.symbols import Symbol
from promptwire.node import MissingExtra, NodeType
from promptwire.registry.former_names import NODE_TYPES, PORTS
from promptwire.registry.node_types import Registry
from promptwire.values import Model
from promptwire.values.members import MembersPort

__all__ = ["bind_call", "report_unwired"]

MAX_COMBINATIONS = 500
"""Largest number of value combinations with which a node's settings are validated."""


def bind_call(scope: GraphScope, entry: StepEntry, spec: CallSpec) -> BuildResult:
    """Build the step for a call of a built-in or plug-in node type."""
    name, at, needs = entry
    yaml_value = scope.value_at(at)
    kind = _node_type(scope, spec.use, yaml_value)
    if kind is None:
        # The inputs of an unknown type are unknown, but the names in them can still be checked.
        for key in spec.given:
            connect(yaml_value.get(key) or yaml_value, Target(f"{key!r} of {spec.use}"), scope)
        scope.mark_used(yaml_value)
        return BuildResult()
    ports, params = _yaml_names(kind.inputs), _yaml_names(kind.params)
    wires: dict[str, Wire] = {}
    settings: dict[str, Wire] = {}
    faulty = set[str]()
    members: type | None = None
    # The input that decides the type of others comes first.
    for key in sorted(spec.given, key=lambda key: kind.same is None or ports.get(key) != kind.same):
        child = yaml_value.get(key) or yaml_value
        key = _current_port_name(scope, kind, key, spec=spec, child=child)
        if key in ports:
            wire = _connect_port(scope, kind, ports[key], child=child, members=members)
            wires[ports[key]] = wire or LiteralValue(None)
            if wire is None:
                faulty.add(ports[key])
            if ports[key] == kind.same:
                members = set_of(type_of_wire(wire, scope.names))
        elif key in params:
            settings[params[key]] = connect_setting(scope, child, Target(f"{key!r} of {kind.name}")) or LiteralValue(None)
        else:
            _report_unknown_key(scope, kind, child=child, key=key)
    for key, field in ports.items():
        if kind.inputs.model_fields[field].is_required() and field not in wires:
            report_unwired(scope, entry, owner=kind.name, key=key, kind=type_of(kind.inputs.model_fields[field].annotation))
    # A wire with a fault was told already: it is not missing too.
    wired = faulty | {port for port, wire in wires.items() if wire != LiteralValue(None)}
    _validate_literals(scope, kind, wires=wires, yaml_value=yaml_value)
    _validate_settings(scope, kind, settings=settings, wired=wired, yaml_value=yaml_value)
    call, location = ModelCall(name, spec, kind, yaml_value, members), scope.location(at)
    asking, rendering = model_call_spec(scope, call), template_spec(scope, call)
    step = CallStep(name, scope.at(name), location, needs, kind, wires, settings, asking, rendering, members)
    # The type of an output of type Members is unknown where the wire that decides it has a fault.
    known = {port: None if held is MembersPort else held for port, held in step.outputs.items()}
    return BuildResult(step, known, kind.main)


def _connect_port(scope: GraphScope, kind: NodeType, port: str, *, child: YamlValue, members: type | None) -> Wire | None:
    """Connect an input. `members` is the type of the ports of type Members, where it is known."""
    annotation = kind.inputs.model_fields[port].annotation
    held, label = type_of(annotation), f"{port.rstrip('_')!r} of {kind.name}"
    wanted = members or held if held is MembersPort else held
    wire = connect(child, Target(label, wanted, is_optional(annotation)), scope)
    given = set_of(type_of_wire(wire, scope.names))
    if held is not MembersPort or given is None or given in member_sets(annotation):
        return wire
    *some, last = map(name_of, member_sets(annotation))
    message = f"{label} takes {', '.join(some)} or {last}, not {name_of(given)}"
    scope.diagnostics.error("type-mismatch", child.location, message, "the members of other sets have no marks")
    return None


def report_unwired(scope: GraphScope, entry: StepEntry, *, owner: str, key: str, kind: type) -> None:
    """Report a required port that has no wire."""
    fitting = [
        f"${symbol.name}" for symbol in scope.names.visible() if _main_output_type(symbol) is kind and symbol.name != entry.name
    ]
    given = " or ".join(fitting) if 0 < len(fitting) < 4 else f"$NAME of what gives {name_of(kind)}"
    removed = scope.value_at(entry.at).removed.get(key)
    location = removed.location() if removed else scope.location(entry.at)
    scope.diagnostics.error("missing-wire", location, f"{owner} needs {key!r} ({name_of(kind)})", f"write {key}: {given}")


def _main_output_type(symbol: Symbol) -> type | None:
    return (symbol.ports or {}).get(symbol.main or "") if symbol.kind == "node" else symbol.holds


def _node_type(scope: GraphScope, use: str, yaml_value: YamlValue) -> NodeType | None:
    """Find the node type named by `use`. None when it is unknown; the error is reported."""
    types, diagnostics = scope.context.types, scope.diagnostics
    location = (yaml_value.get("use") or yaml_value).location
    try:
        if use in types:
            kind = types[use]
            if use in NODE_TYPES and kind.name == NODE_TYPES[use]:
                diagnostics.warn(
                    "former-name", location, f"the node type {use!r} is now called {kind.name!r}", f"write use: {kind.name}"
                )
            return kind
        if use.startswith((".", "/")):
            own = use.removeprefix("./")
            hint = f"a node type is written {own}" if own in types else f"a pipeline file is written ./{own}.yaml"
        else:
            hint = types.nearest(use) if isinstance(types, Registry) else suggest(use, types, noun="node types")
        diagnostics.error("unknown-node", location, f"there is no node type {use!r}", hint)
        return None
    except UsageError as error:
        diagnostics.error("broken-plugin", location, error.problem, error.hint)
        return None


def _current_port_name(scope: GraphScope, kind: NodeType, key: str, *, spec: CallSpec, child: YamlValue) -> str:
    """Current name of a port. Warns of a former name."""
    new = PORTS.get((kind.name, key))
    if new is None:
        return key
    location = child.key_location
    message = f"the port {key!r} of {kind.name} is now called {new!r}"
    if new in spec.given:
        scope.diagnostics.error("former-name", location, f"{message}, and both are given", f"remove {key}")
    else:
        scope.diagnostics.warn("former-name", location, message, f"write {new}: in its place")
    return new


def _yaml_names(model: type[Model]) -> dict[str, str]:
    """Field names by their name in YAML: `from_` is written `from`."""
    return {name.rstrip("_"): name for name in model.model_fields}


def _report_unknown_key(scope: GraphScope, kind: NodeType, *, key: str, child: YamlValue) -> None:
    own = [*_yaml_names(kind.inputs), *_yaml_names(kind.params)]
    hint = suggest(key, [*own, "use", *ENGINE_KEYS, *STEP_KEYS], otherwise=f"it takes: {', '.join(own)}")
    if key in Settings.model_fields and kind.role is not None:
        hint = f"a node's sampling settings stand under settings: {{{key}: ...}}"
    location = child.key_location
    scope.diagnostics.error("unknown-port", location, f"{kind.name} has no port or param {key!r}", hint)
    scope.mark_used(child)


def _validate_settings(
    scope: GraphScope, kind: NodeType, *, settings: Mapping[str, Wire], wired: Set[str], yaml_value: YamlValue
) -> None:
    """Validate every combination of values that a node's settings can have, and report errors."""
    names, reported = scope.names, set[str]()
    unknown = {field for field, wire in settings.items() if wire == LiteralValue(None) or known_values(wire, names) is None}
    for values in _combinations({field: wire for field, wire in settings.items() if field not in unknown}, scope):
        try:
            params = kind.params.model_validate(values)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                field = str(detail["loc"][0]) if detail["loc"] else ""
                wire = settings.get(field)
                again = isinstance(wire, Ref) and wire.name == ROUND and field in reported
                reported.add(field)
                if field not in unknown and (field or not unknown) and not again:
                    _report_bad_setting(scope, kind, detail=detail, wire=wire, yaml_value=yaml_value)
            continue
        lack = kind.lacks(wired, params) if kind.lacks and not unknown else ("", "")
        if lack[0]:
            location, extra = yaml_value.key_location, isinstance(lack, MissingExtra)
            message = f"{kind.name}: {lack[0]}"
            scope.diagnostics.error("missing-extra" if extra else "missing-wire", location, message, lack[1])
            return


def _validate_literals(scope: GraphScope, kind: NodeType, *, wires: Mapping[str, Wire], yaml_value: YamlValue) -> None:
    """Report a value that is written on a port and out of its range."""
    for field, wire in wires.items():
        if not isinstance(wire, LiteralValue) or wire.value is None:
            continue
        info = kind.inputs.model_fields[field]
        port: Any = Annotated[info.annotation, info]
        try:
            TypeAdapter(port).validate_python(wire.value)
        except ValidationError as error:
            detail = {**error.errors(include_url=False)[0], "loc": (field,)}
            _report_bad_setting(scope, kind, detail=detail, wire=wire, yaml_value=yaml_value)


def _combinations(wires: Mapping[str, Wire], scope: GraphScope) -> Iterator[dict[str, Any]]:
    """Combinations of values of `wires`. Two references to one name always have the same value."""
    fixed = {field: wire.value for field, wire in wires.items() if isinstance(wire, LiteralValue)}
    named = {field: wire.name for field, wire in wires.items() if isinstance(wire, Ref)}
    axes = {wire.name: known_values(wire, scope.names) or () for wire in wires.values() if isinstance(wire, Ref)}
    for values in islice(product(*axes.values()), MAX_COMBINATIONS):
        chosen = dict(zip(axes, values, strict=True))
        yield {**fixed, **{field: chosen[name] for field, name in named.items()}}


def _report_bad_setting(scope: GraphScope, kind: NodeType, *, detail: Any, wire: Wire | None, yaml_value: YamlValue) -> None:
    """Report a setting that the node type rejects."""
    diagnostics = scope.diagnostics
    key = str(detail["loc"][0]).rstrip("_") if detail["loc"] else ""
    child = yaml_value.get(key)
    if detail["type"] == "missing":
        location = yaml_value.key_location
        diagnostics.error("missing-param", location, f"{kind.name} needs the setting {key!r}", f"write {key}: VALUE")
        return
    if not key or child is None:
        message = detail["msg"].removeprefix("Value error, ")
        diagnostics.error("bad-setting", yaml_value.key_location, f"{kind.name}: {message}")
        return
    message, hint = message_for(detail, key)
    by = f" (from {wire})" if isinstance(wire, Ref) else ""
    diagnostics.error("bad-setting", child.location, message + by, hint)
