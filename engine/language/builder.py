"""Builds the checked graph of a pipeline: names resolved, types checked.

Nodes are built in order of their references, because the type of a reference is known only when its node is built. An error
does not stop the build: the faulty part gets a placeholder, the error is reported, and the graph is discarded at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from promptwire.backend import Settings
from promptwire.documents.document import KeyPath, YamlValue
from promptwire.errors import PipelineError, suggest
from promptwire.graph.ordering import order_steps
from promptwire.graph.port_types import TYPES
from promptwire.graph.step_keys import ENGINE_KEYS, PIPELINE_KEYS, STEP_KEYS
from promptwire.graph.steps import Graph, LiteralValue, PipeStep, Ref, Step, Wire
from promptwire.language.conditions import gated, read_conditions
from promptwire.language.context import BuildResult, CheckContext, GraphScope, LoadedPipeline, StepEntry
from promptwire.language.file_lookup import is_pipeline
from promptwire.language.graph_reports import report_cycle, report_unused
from promptwire.language.inheritance import folder_of
from promptwire.language.key_references import field_wires
from promptwire.language.loop_builder import build_each, build_repeat, prune_unused
from promptwire.language.node_call_builder import bind_call, report_unwired
from promptwire.language.opening import open_pipeline
from promptwire.language.params import check_param_value, declared_type, param_symbols
from promptwire.language.patching import OVERRIDE
from promptwire.language.references import Target, connect, known_values, type_of_wire
from promptwire.language.setting_wires import connect_setting
from promptwire.language.spec import ParamSpec
from promptwire.language.stage_limits import check_shares, stage_limits
from promptwire.language.step_spec import CallSpec, NodeSpec, RepeatSpec
from promptwire.language.symbols import Kind, Symbol, SymbolTable, referenced_names

__all__ = ["build", "scope_of"]


def scope_of(context: CheckContext, source: LoadedPipeline) -> SymbolTable:
    """Symbols for the inputs and params of a pipeline; params have their defaults as values."""
    names = SymbolTable()
    for name, spec in source.spec.inputs.items():
        location = source.document.location(("inputs", name), key=True)
        names.declare(Symbol(name, "input", location, TYPES[spec.type], spec.optional), context.diagnostics)
    for symbol in param_symbols(source.spec.params, source.document, context.diagnostics):
        names.declare(symbol, context.diagnostics)
    kinds: tuple[tuple[Kind, str], ...] = (("input", "inputs"), ("param", "params"))
    for kind, key in kinds:
        for path in source.broken:
            if path[:1] == (key,) and len(path) == 2:
                location = source.document.location(path, key=True)
                names.declare(Symbol(str(path[1]), kind, location), context.diagnostics)
    return names


def build(
    context: CheckContext, source: LoadedPipeline, names: SymbolTable, *, within: GraphScope | None = None, path: str = ""
) -> Graph:
    """Build the graph of a pipeline. `names` comes from `scope_of`; the step `path` in the scope `within` uses the pipeline."""
    chain, looped = (within.chain, within.looped) if within is not None else ((), False)
    scope = GraphScope(context, source, names, (*chain, source.path), path, looped=looped)
    spec = source.spec
    steps = build_nodes(scope, spec.nodes, ("nodes",))
    check_shares(scope, steps)
    outputs: dict[str, Wire] = {}
    types: dict[str, type] = {}
    for name in _written_outputs(scope, spec.outputs):
        yaml_value = scope.value_at(("outputs", name))
        wire = connect(yaml_value, Target(f"the output {name!r}"), scope)
        kind = type_of_wire(wire, names)
        if isinstance(wire, LiteralValue):
            context.diagnostics.error(
                "bad-output", yaml_value.location, f"the output {name!r} must be a reference", "write $name"
            )
        outputs[name], types[name] = wire or LiteralValue(None), kind or type(None)
    # Missing outputs are reported elsewhere; without this, every node would be reported as unused too.
    kept = prune_unused(scope, steps, ends=[scope.value_at(("outputs",) if outputs else ("nodes",))], at=("nodes",))
    report_unused(scope)
    return Graph(
        name=spec.name or source.path.stem,
        doc=spec.doc,
        inputs={name: TYPES[given.type] for name, given in spec.inputs.items()},
        params={name: symbol.values[0] for name in spec.params if (symbol := names.own[name]).values},
        steps=kept,
        outputs=outputs,
        types=types,
        **_models(scope),
        local={role: given.local for role, given in spec.models.items() if given.local},
        limits=spec.limits,
        optional=frozenset(name for name, given in spec.inputs.items() if given.optional),
    )


def _models(scope: GraphScope) -> dict[str, Any]:
    """Settings by role, and those of them that are params. A value of a param that is known is filled in."""
    models, params = {}, {}
    for role, given in scope.source.spec.models.items():
        wires = field_wires(scope, scope.value_at(("models", role)), f"models.{role}", Settings)
        names = {setting: wire.name for setting, wire in wires.items() if isinstance(wire, Ref)}
        known = {setting: values[0] for setting, wire in wires.items() if (values := known_values(wire, scope.names))}
        models[role] = Settings.model_validate({**given.sampling().model_dump(exclude_unset=True), **known})
        if names:
            params[role] = names
    return {"models": models, "model_params": params}


def _written_outputs(scope: GraphScope, names: Iterable[str]) -> Iterator[str]:
    """Outputs that are written in the file. The placeholder for missing outputs is left out: it has no location."""
    under = scope.source.document.root.get("outputs")
    yield from (name for name in names if under and under.get(name))


def build_nodes(scope: GraphScope, specs: Mapping[str, NodeSpec], at: KeyPath) -> dict[str, Step]:
    """Build the steps of a graph, in an order in which they could run."""
    nodes = scope.value_at(at)
    written = nodes.value if isinstance(nodes.value, dict) else {}
    for name in written:
        scope.names.declare(Symbol(name, "node", scope.location((*at, name))), scope.diagnostics)
        if name not in specs:
            scope.mark_used(written[name])
    plain = frozenset(name for name in written if not scope.names.own[name].clashes)
    needs = {name: frozenset(referenced_names(yaml_value)) & plain for name, yaml_value in written.items()}
    arranged = order_steps(needs)
    for cycle in arranged.cycles:
        report_cycle(scope, cycle, at)
    steps: dict[str, Step] = {}
    for name in arranged.order:
        if name in specs:
            built = _build_step(scope, StepEntry(name, (*at, name), frozenset(needs[name])), specs[name])
            if built.step is not None:
                steps[name] = built.step
            symbol = scope.names.own[name]
            if symbol.kind == "node":
                symbol.ports, symbol.main, symbol.conditions = built.ports, built.main, built.conditions
    return steps


def _build_step(scope: GraphScope, entry: StepEntry, spec: NodeSpec) -> BuildResult:
    conditions = read_conditions(scope, entry.at)
    inner = scope.under(conditions)
    if isinstance(spec, CallSpec):
        built = (_bind_pipeline if is_pipeline(spec.use) else bind_call)(inner, entry, spec)
    elif isinstance(spec, RepeatSpec):
        built = build_repeat(inner, entry, spec, build_nodes=build_nodes)
    else:
        built = build_each(inner, entry, spec, build_nodes=build_nodes)
    return gated(built, conditions)


def _bind_pipeline(scope: GraphScope, entry: StepEntry, spec: CallSpec) -> BuildResult:
    """Build the step for a pipeline file that is used as a node."""
    name, at, needs = entry
    yaml_value, context = scope.value_at(at), scope.context
    source = _open_inner(scope, spec.use, yaml_value)
    if source is None:
        scope.mark_used(yaml_value)
        return BuildResult()
    names = scope_of(context, source)
    wires: dict[str, Wire] = {}
    params: dict[str, Wire] = {}
    for key in (*spec.given, *(key for key in ENGINE_KEYS if yaml_value.get(key) is not None)):
        child = yaml_value.get(key) or yaml_value
        label = f"{key!r} of {source.path.name}"
        if key in source.spec.inputs:
            given = source.spec.inputs[key]
            wire = connect(child, Target(label, TYPES[given.type], given.optional), scope)
            wires[key] = wire or LiteralValue(None)
        elif key in source.spec.params:
            params[key] = _connect_param(scope, child, param=source.spec.params[key], symbol=names.own[key]) or LiteralValue(
                None
            )
        else:
            location = child.key_location
            own = sorted({*source.spec.inputs, *source.spec.params})
            takes = f"it takes: {', '.join(own)}" if own else "it takes none"
            hint = suggest(key, [*own, *PIPELINE_KEYS, *STEP_KEYS], otherwise=takes)
            context.diagnostics.error("unknown-port", location, f"{source.path.name} has no input or param {key!r}", hint)
            scope.mark_used(child)
    for key, wanted in source.spec.inputs.items():
        if key not in wires and not wanted.optional:
            report_unwired(scope, entry, owner=source.path.name, key=key, kind=TYPES[wanted.type])
    for key, param in source.spec.params.items():
        if key not in params and param.required:
            hint = f"write {key}: VALUE"
            context.diagnostics.error("missing-param", scope.location(at), f"{source.path.name} needs the param {key!r}", hint)
    if source.spec.limits.model_fields_set:
        message = f"the limits of {source.path.name} have no effect where it is a node"
        hint = f"write them on the step that uses it: {name}: {{..., limits: {{calls: N}}}}"
        context.diagnostics.warn("idle-limits", source.document.location(("limits",), key=True), message, hint)
    limits = stage_limits(scope, yaml_value)
    graph = build(context, source, names, within=scope, path=scope.at(name))
    step = PipeStep(name, scope.at(name), scope.location(at), needs, graph=graph, wires=wires, params=params, limits=limits)
    known = {port: None if kind is type(None) else kind for port, kind in graph.types.items()}
    return BuildResult(step, known, next(iter(graph.outputs), None))


def _open_inner(scope: GraphScope, use: str, yaml_value: YamlValue) -> LoadedPipeline | None:
    """Open the pipeline file named by `use`. Reports a missing file and recursion."""
    written = yaml_value.get("use") or yaml_value
    try:
        path = scope.context.folders.pipeline(use, folder_of(written, scope.source.document), written.location)
    except PipelineError as error:
        scope.diagnostics.add(error.problems)
        return None
    if path.resolve() in [each.resolve() for each in scope.chain]:
        names = " -> ".join(each.name for each in (*scope.chain, path))
        hint = "a pipeline can't contain itself: use a loop"
        scope.diagnostics.error("recursion", written.location, f"{use} uses itself: {names}", hint)
        return None
    return open_pipeline(scope.context, path, inside=yaml_value.get(OVERRIDE))


def _connect_param(scope: GraphScope, child: YamlValue, *, param: ParamSpec, symbol: Symbol) -> Wire | None:
    """Connect a param of an inner pipeline, and store its known values in `symbol`."""
    wire = connect_setting(scope, child, Target(f"the param {symbol.name!r}", declared_type(param)))
    symbol.values = known_values(wire, scope.names) if wire else None
    for value in symbol.values or ():
        check_param_value(param, value, name=symbol.name, yaml_value=child, diagnostics=scope.diagnostics)
    return wire
