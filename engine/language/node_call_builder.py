"""One call of a node type: which of its keys are wires, which are settings, and how it speaks to a model.

Ports and params are written flat, so an unknown key is looked for among both. Settings are given to the node's own pydantic
model with every value that they can take, elements of a loop's list included: a bad value must not wait for round 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from itertools import islice, product
from typing import Any

from pydantic import ValidationError

from promptwire.backend import Settings
from promptwire.documents.document import YamlValue
from promptwire.documents.validation_errors import message_for
from promptwire.errors import UsageError, suggest
from promptwire.graph.port_types import is_optional, name_of, type_of
from promptwire.graph.step_keys import ENGINE_KEYS
from promptwire.graph.steps import CallStep, LiteralValue, Ref, RefUnion, Wire
from promptwire.language.context import BuildResult, GraphScope, StepLocation
from promptwire.language.model_keys import ModelCall, model_call_spec
from promptwire.language.references import Target, connect, known_values
from promptwire.language.spec import CallSpec
from promptwire.language.symbols import Symbol
from promptwire.node import NodeType
from promptwire.registry.former_names import NODE_TYPES, PORTS
from promptwire.registry.node_types import Registry
from promptwire.values import Model

__all__ = ["bind_call", "setting", "unwired"]

MAX_TRIED = 500
"""Combinations of known values that a node's settings are tried with."""


def bind_call(frame: GraphScope, post: StepLocation, spec: CallSpec) -> BuildResult:
    """The step for a call of a built-in or a plugin."""
    name, at, needs = post
    branch = frame.branch(at)
    kind = _type(frame, spec.use, branch)
    if kind is None:
        # What its inputs are nobody can say, but the names in them are there or not.
        for key in spec.given:
            connect(branch.get(key) or branch, Target(f"{key!r} of {spec.use}"), frame)
        frame.mark_used(branch)
        return BuildResult()
    ports, params = _fields(kind.inputs), _fields(kind.params)
    wires: dict[str, Wire] = {}
    settings: dict[str, Wire] = {}
    for key in spec.given:
        child = branch.get(key) or branch
        key = _current(frame, kind, key, spec=spec, child=child)
        if key in ports:
            annotation = kind.inputs.model_fields[ports[key]].annotation
            socket = Target(f"{key!r} of {kind.name}", type_of(annotation), is_optional(annotation))
            wire = connect(child, socket, frame)
            wires[ports[key]] = wire or LiteralValue(None)
        elif key in params:
            settings[params[key]] = setting(frame, child, Target(f"{key!r} of {kind.name}")) or LiteralValue(None)
        else:
            _unknown(frame, kind, child=child, key=key)
    for key, field in ports.items():
        if kind.inputs.model_fields[field].is_required() and field not in wires:
            unwired(frame, post, owner=kind.name, key=key, kind=type_of(kind.inputs.model_fields[field].annotation))
    brought = {port for port, wire in wires.items() if wire != LiteralValue(None)}
    _try(frame, kind, settings=settings, brought=brought, branch=branch)
    asking = model_call_spec(frame, ModelCall(name, spec, kind, branch))
    place = frame.place(at)
    step = CallStep(name, frame.at(name), place, needs, type=kind, wires=wires, params=settings, asking=asking)
    return BuildResult(step, {port: type_of(field.annotation) for port, field in kind.outputs.model_fields.items()}, kind.main)


def setting(frame: GraphScope, branch: YamlValue, socket: Target) -> Wire | None:
    """The value of a setting: a literal, or a reference to a param or loop variable, for cost must be known before the run."""
    findings = frame.site.findings
    before = findings.count
    wire = connect(branch, socket, frame)
    refs = wire.refs if isinstance(wire, RefUnion) else (wire,) if isinstance(wire, Ref) else ()
    for ref in refs:
        symbol = frame.names.find(ref.name)
        if symbol and symbol.kind not in ("param", "variable"):
            hint = "it takes a value, a param or a loop variable"
            findings.error(
                "not-a-setting", ref.place, f"{socket.label} is a setting, and {ref} is only known while running", hint
            )
    return wire if findings.count == before else None


def unwired(frame: GraphScope, post: StepLocation, *, owner: str, key: str, kind: type) -> None:
    """Note that a port that must have a wire has none."""
    fitting = [f"${symbol.name}" for symbol in frame.names.visible() if _main_type(symbol) is kind and symbol.name != post.name]
    given = " or ".join(fitting) if 0 < len(fitting) < 4 else f"$NAME of what gives {name_of(kind)}"
    removed = frame.branch(post.at).removed.get(key)
    place = removed.place() if removed else frame.place(post.at)
    frame.site.findings.error("missing-wire", place, f"{owner} needs {key!r} ({name_of(kind)})", f"write {key}: {given}")


def _main_type(symbol: Symbol) -> type | None:
    return (symbol.ports or {}).get(symbol.main or "") if symbol.kind == "node" else symbol.holds


def _type(frame: GraphScope, use: str, branch: YamlValue) -> NodeType | None:
    """The node type called `use`; None when there is none, which is then noted."""
    types, findings = frame.site.types, frame.site.findings
    place = (branch.get("use") or branch).spot.place()
    try:
        if use in types:
            kind = types[use]
            if use in NODE_TYPES and kind.name == NODE_TYPES[use]:
                findings.warn(
                    "former-name", place, f"the node type {use!r} is now called {kind.name!r}", f"write use: {kind.name}"
                )
            return kind
        if use.startswith((".", "/")):
            own = use.removeprefix("./")
            hint = f"a node type is written {own}" if own in types else f"a pipeline file is written ./{own}.yaml"
        else:
            hint = types.nearest(use) if isinstance(types, Registry) else suggest(use, types, noun="node types")
        findings.error("unknown-node", place, f"there is no node type {use!r}", hint)
        return None
    except UsageError as error:
        findings.error("broken-plugin", place, error.problem, error.hint)
        return None


def _current(frame: GraphScope, kind: NodeType, key: str, *, spec: CallSpec, child: YamlValue) -> str:
    """The present name of a port; a former name is noted."""
    new = PORTS.get((kind.name, key))
    if new is None:
        return key
    place = (child.key or child.spot).place()
    message = f"the port {key!r} of {kind.name} is now called {new!r}"
    if new in spec.given:
        frame.site.findings.error("former-name", place, f"{message}, and both are given", f"remove {key}")
    else:
        frame.site.findings.warn("former-name", place, message, f"write {new}: in its place")
    return new


def _fields(model: type[Model]) -> dict[str, str]:
    """Fields by their name in YAML, where `from_` is written `from`."""
    return {name.rstrip("_"): name for name in model.model_fields}


def _unknown(frame: GraphScope, kind: NodeType, *, key: str, child: YamlValue) -> None:
    known = [*_fields(kind.inputs), *_fields(kind.params), "use", *ENGINE_KEYS]
    own = [*_fields(kind.inputs), *_fields(kind.params)]
    hint = suggest(key, known, otherwise=f"it takes: {', '.join(own)}")
    if key in Settings.model_fields and kind.role is not None:
        hint = f"a node's sampling settings stand under settings: {{{key}: ...}}"
    place = (child.key or child.spot).place()
    frame.site.findings.error("unknown-port", place, f"{kind.name} has no port or param {key!r}", hint)
    frame.mark_used(child)


def _try(frame: GraphScope, kind: NodeType, *, settings: Mapping[str, Wire], brought: Set[str], branch: YamlValue) -> None:
    """Give the node's Params every combination of values that its settings can take, and note what it refuses."""
    names = frame.names
    unknown = {field for field, wire in settings.items() if wire == LiteralValue(None) or known_values(wire, names) is None}
    for values in _combinations({field: wire for field, wire in settings.items() if field not in unknown}, frame):
        try:
            params = kind.params.model_validate(values)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                field = str(detail["loc"][0]) if detail["loc"] else ""
                if field not in unknown and (field or not unknown):
                    _refused(frame, kind, detail=detail, wire=settings.get(field), branch=branch)
            continue
        problem, hint = kind.lacks(brought, params) if kind.lacks and not unknown else ("", "")
        if problem:
            frame.site.findings.error("missing-wire", (branch.key or branch.spot).place(), f"{kind.name}: {problem}", hint)
            return


def _combinations(wires: Mapping[str, Wire], frame: GraphScope) -> Iterator[dict[str, Any]]:
    """Values for all of `wires`; two references to one name always have the same value."""
    fixed = {field: wire.value for field, wire in wires.items() if isinstance(wire, LiteralValue)}
    named = {field: wire.name for field, wire in wires.items() if isinstance(wire, Ref)}
    axes = {wire.name: known_values(wire, frame.names) or () for wire in wires.values() if isinstance(wire, Ref)}
    for values in islice(product(*axes.values()), MAX_TRIED):
        chosen = dict(zip(axes, values, strict=True))
        yield {**fixed, **{field: chosen[name] for field, name in named.items()}}


def _refused(frame: GraphScope, kind: NodeType, *, detail: Any, wire: Wire | None, branch: YamlValue) -> None:
    """Note a setting that the node type does not take."""
    findings = frame.site.findings
    key = str(detail["loc"][0]).rstrip("_") if detail["loc"] else ""
    child = branch.get(key)
    if detail["type"] == "missing":
        place = (branch.key or branch.spot).place()
        findings.error("missing-param", place, f"{kind.name} needs the setting {key!r}", f"write {key}: VALUE")
        return
    if not key or child is None:
        message = detail["msg"].removeprefix("Value error, ")
        findings.error("bad-setting", (branch.key or branch.spot).place(), f"{kind.name}: {message}")
        return
    message, hint = message_for(detail, key)
    by = f" (from {wire})" if isinstance(wire, Ref) else ""
    findings.error("bad-setting", child.spot.place(), message + by, hint)
