"""From pipeline files to one graph whose every name is resolved and every wire fits.

Nodes are built in the order of their needs, because what a reference means is only known when the node at its other end is. The
build never stops at an error: what is wrong gets a stand-in, is noted, and the graph is thrown away at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from promptwire.documents.document import KeyPath, YamlValue
from promptwire.errors import PipelineError, suggest
from promptwire.graph.ordering import arrange
from promptwire.graph.port_types import TYPES
from promptwire.graph.step_keys import ENGINE_KEYS
from promptwire.graph.steps import Graph, LiteralValue, PipeStep, Step, Wire
from promptwire.language.context import BuildResult, CheckContext, GraphScope, LoadedPipeline, StepLocation
from promptwire.language.file_lookup import is_pipeline
from promptwire.language.inheritance import folder_of, resolve
from promptwire.language.loop_builder import build_each, build_repeat, prune_unused
from promptwire.language.node_call_builder import bind_call, setting, unwired
from promptwire.language.params import declared_type, param_symbols, permit
from promptwire.language.references import Target, connect, known_values, type_of_wire
from promptwire.language.shape import shape
from promptwire.language.spec import CallSpec, NodeSpec, ParamSpec, RepeatSpec
from promptwire.language.symbols import Symbol, SymbolTable, mentions

__all__ = ["build", "open_pipeline", "scope_of"]


def open_pipeline(site: CheckContext, path: Path, sets: Mapping[str, Any] | None = None) -> LoadedPipeline | None:
    """The pipeline file at `path`, read once; None when there is no pipeline in it, which is then noted."""
    if path not in site.opened:
        site.opened[path] = None
        try:
            found = resolve(path, site.folders, sets=sets)
        except PipelineError as error:
            site.findings.add(error.problems)
            return None
        shaped = shape(found)
        site.findings.add(shaped.problems)
        if shaped.spec is not None:
            site.opened[path] = LoadedPipeline(path, found, shaped.spec, shaped.broken)
    return site.opened[path]


def scope_of(site: CheckContext, source: LoadedPipeline) -> SymbolTable:
    """The inputs and params of a pipeline as names, params with their defaults."""
    names = SymbolTable()
    for name, spec in source.spec.inputs.items():
        place = source.document.place(("inputs", name), key=True)
        names.declare(Symbol(name, "input", place, TYPES[spec.type], spec.optional), site.findings)
    for symbol in param_symbols(source.spec.params, source.document, site.findings):
        names.declare(symbol, site.findings)
    for kind, key in (("input", "inputs"), ("param", "params")):
        for path in source.broken:
            if path[:1] == (key,) and len(path) == 2:
                place = source.document.place(path, key=True)
                names.declare(Symbol(str(path[1]), kind, place), site.findings)  # type: ignore[arg-type]
    return names


def build(
    site: CheckContext, source: LoadedPipeline, names: SymbolTable, *, path: str = "", chain: tuple[Path, ...] = ()
) -> Graph:
    """The graph of a pipeline; `names` is its `scope_of`, `path` that of the step it is used as."""
    frame = GraphScope(site, source, names, (*chain, source.path), path)
    spec = source.spec
    steps = build_nodes(frame, spec.nodes, ("nodes",))
    outputs: dict[str, Wire] = {}
    types: dict[str, type] = {}
    for name in _written(frame, spec.outputs):
        branch = frame.branch(("outputs", name))
        wire = connect(branch, Target(f"the output {name!r}"), frame)
        kind = type_of_wire(wire, names)
        if isinstance(wire, LiteralValue):
            site.findings.error("bad-output", branch.spot.place(), f"the output {name!r} must be a reference", "write $name")
        outputs[name], types[name] = wire or LiteralValue(None), kind or type(None)
    # Without outputs, which is told elsewhere, nothing would be used.
    kept = prune_unused(frame, steps, ends=[frame.branch(("outputs",) if outputs else ("nodes",))], at=("nodes",))
    _tell_unused(frame)
    return Graph(
        name=spec.name or source.path.stem,
        doc=spec.doc,
        inputs={name: TYPES[given.type] for name, given in spec.inputs.items()},
        params={name: names.own[name].values[0] for name in spec.params if (names.own[name].values or None) is not None},  # type: ignore[index]
        steps=kept,
        outputs=outputs,
        types=types,
        models=spec.models,
        limits=spec.limits,
        optional=frozenset(name for name, given in spec.inputs.items() if given.optional),
    )


def _written(frame: GraphScope, names: Iterable[str]) -> Iterator[str]:
    """Those outputs that stand in the file: what was missing has a stand-in without a place."""
    under = frame.source.document.root.get("outputs")
    yield from (name for name in names if under and under.get(name))


def build_nodes(frame: GraphScope, specs: Mapping[str, NodeSpec], at: KeyPath) -> dict[str, Step]:
    """The steps of a graph, in an order in which they could run."""
    nodes = frame.branch(at)
    written = nodes.value if isinstance(nodes.value, dict) else {}
    for name in written:
        frame.names.declare(Symbol(name, "node", frame.place((*at, name))), frame.site.findings)
        if name not in specs:
            frame.mark_used(written[name])
    needs = {name: frozenset(mentions(branch)) & written.keys() for name, branch in written.items()}
    arranged = arrange(needs)
    for cycle in arranged.cycles:
        _tell_cycle(frame, cycle, at)
    steps: dict[str, Step] = {}
    for name in arranged.order:
        if name in specs:
            built = _build_step(frame, StepLocation(name, (*at, name), frozenset(needs[name])), specs[name])
            if built.step is not None:
                steps[name] = built.step
            symbol = frame.names.own[name]
            if symbol.kind == "node":
                symbol.ports, symbol.main = built.ports, built.main
    return steps


def _build_step(frame: GraphScope, post: StepLocation, spec: NodeSpec) -> BuildResult:
    frame.site.count(frame.place(post.at))
    if isinstance(spec, CallSpec):
        return (_bind_pipeline if is_pipeline(spec.use) else bind_call)(frame, post, spec)
    if isinstance(spec, RepeatSpec):
        return build_repeat(frame, post, spec, build_nodes=build_nodes)
    return build_each(frame, post, spec, build_nodes=build_nodes)


def _bind_pipeline(frame: GraphScope, post: StepLocation, spec: CallSpec) -> BuildResult:
    """The step for a pipeline file used as a node."""
    name, at, needs = post
    branch, site = frame.branch(at), frame.site
    source = _inner(frame, spec.use, branch)
    if source is None:
        frame.mark_used(branch)
        return BuildResult()
    names = scope_of(site, source)
    wires: dict[str, Wire] = {}
    params: dict[str, Wire] = {}
    for key in (*spec.given, *(key for key in ENGINE_KEYS if branch.get(key) is not None)):
        child = branch.get(key) or branch
        label = f"{key!r} of {source.path.name}"
        if key in source.spec.inputs:
            given = source.spec.inputs[key]
            wire = connect(child, Target(label, TYPES[given.type], given.optional), frame)
            wires[key] = wire or LiteralValue(None)
        elif key in source.spec.params:
            params[key] = _set(frame, child, param=source.spec.params[key], symbol=names.own[key]) or LiteralValue(None)
        else:
            place = (child.key or child.spot).place()
            hint = suggest(key, [*source.spec.inputs, *source.spec.params], noun="it takes")
            site.findings.error("unknown-port", place, f"{source.path.name} has no input or param {key!r}", hint)
            frame.mark_used(child)
    for key, wanted in source.spec.inputs.items():
        if key not in wires and not wanted.optional:
            unwired(frame, post, owner=source.path.name, key=key, kind=TYPES[wanted.type])
    for key, param in source.spec.params.items():
        if key not in params and param.required:
            hint = f"write {key}: VALUE"
            site.findings.error("missing-param", frame.place(at), f"{source.path.name} needs the param {key!r}", hint)
    if source.spec.limits.model_fields_set:
        message = f"the limits of {source.path.name} do not count where it is a node"
        hint = "only those of the pipeline that is run count: set them there, or with --limit"
        site.findings.warn("idle-limits", source.document.place(("limits",), key=True), message, hint)
    graph = build(site, source, names, path=frame.at(name), chain=frame.chain)
    step = PipeStep(name, frame.at(name), frame.place(at), needs, graph=graph, wires=wires, params=params)
    known = {port: None if kind is type(None) else kind for port, kind in graph.types.items()}
    return BuildResult(step, known, next(iter(graph.outputs), None))


def _inner(frame: GraphScope, use: str, branch: YamlValue) -> LoadedPipeline | None:
    """The pipeline that `use` names."""
    written = branch.get("use") or branch
    try:
        path = frame.site.folders.pipeline(use, folder_of(written, frame.source.document), written.spot.place())
    except PipelineError as error:
        frame.site.findings.add(error.problems)
        return None
    if path.resolve() in [each.resolve() for each in frame.chain]:
        names = " -> ".join(each.name for each in (*frame.chain, path))
        hint = "a pipeline can't contain itself: use a loop"
        frame.site.findings.error("recursion", written.spot.place(), f"{use} uses itself: {names}", hint)
        return None
    return open_pipeline(frame.site, path)


def _set(frame: GraphScope, child: YamlValue, *, param: ParamSpec, symbol: Symbol) -> Wire | None:
    """The wire of a param of an inner pipeline, whose symbol learns the values."""
    wire = setting(frame, child, Target(f"the param {symbol.name!r}", declared_type(param)))
    symbol.values = known_values(wire, frame.names) if wire else None
    for value in symbol.values or ():
        permit(param, value, name=symbol.name, branch=child, findings=frame.site.findings)
    return wire


def _tell_cycle(frame: GraphScope, cycle: tuple[str, ...], at: KeyPath) -> None:
    place = frame.place((*at, cycle[0]))
    if len(cycle) == 1 and frame.branch((*at, cycle[0])).get("repeat") is not None:
        message, hint = f"the loop {cycle[0]!r} needs itself", "inside a loop write $state, not $loop.state"
    elif len(cycle) == 1:
        message, hint = f"{cycle[0]!r} needs its own result", "to feed a result back, use a 'repeat' with 'carry'"
    else:
        message = f"these nodes wait for each other: {' -> '.join((*cycle, cycle[0]))}"
        hint = _last_round(frame, cycle, at) or "to feed a result back, put them into a 'repeat' and 'carry' it"
    frame.site.findings.error("cycle", place, message, hint)


def _last_round(frame: GraphScope, cycle: tuple[str, ...], at: KeyPath) -> str:
    """In a loop whose states are handed on by nodes of the cycle: that there is a name for what the last round gave."""
    carry = frame.branch(at[:-1]).get("carry")
    for state, branch in carry.value.items() if carry is not None and isinstance(carry.value, dict) else ():
        following = branch.get("next")
        for name in mentions(following) if following is not None else ():
            if name in cycle:
                return f"what ${name} gave in the round before is the state ${state}: read that"
    return ""


def _tell_unused(frame: GraphScope) -> None:
    """Warn of names that nobody reads."""
    findings = frame.site.findings
    for symbol in frame.names.own.values():
        if symbol.kind in ("input", "param") and not symbol.used:
            findings.warn("unused-name", symbol.place, f"nobody reads the {symbol.kind} {symbol.name!r}")
    for loop, state in frame.states:
        if not state.used and state.name not in loop.used:
            hint = f"read ${state.name} inside of the loop, or ${loop.name}.{state.name} after it"
            findings.warn("unread-state", state.place, f"nobody reads the state {state.name!r}", hint)
