"""How a step speaks to a model: role, template, settings and the rest of the keys that belong to the engine.

Which of them a step takes follows from its node type, so a `template` on a node that asks nobody is an error and not a key
that is silently ignored.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from promptwire.backend import Settings
from promptwire.documents.document import YamlValue
from promptwire.errors import PipelineError, UsageError
from promptwire.graph.step_keys import ENGINE_KEYS, keys_of
from promptwire.graph.steps import ModelCallSpec, Wire
from promptwire.language.context import GraphScope
from promptwire.language.inheritance import folder_of
from promptwire.language.references import Target, connect, type_of_wire
from promptwire.language.spec import CallSpec
from promptwire.language.template_check import check_template
from promptwire.metrics.metric import find_metric
from promptwire.node import NodeType

__all__ = ["ModelCall", "model_call_spec"]


class ModelCall(NamedTuple):
    """A call that may speak to a model."""

    name: str
    spec: CallSpec
    kind: NodeType
    branch: YamlValue


def model_call_spec(frame: GraphScope, call: ModelCall) -> ModelCallSpec | None:
    """The engine's side of a call; None when its node type speaks to no model."""
    _refuse_misplaced(frame, call)
    spec, kind = call.spec, call.kind
    if kind.role is None:
        return None
    _refuse_idle(frame, call)
    given = _given(frame, call) if kind.slots else {}
    path = _template(frame, call)
    if path is not None:
        types = {name: type_of_wire(wire, frame.names) for name, wire in given.items()}
        check_template(path, kind, given=types, name=call.name, branch=call.branch, findings=frame.site.findings)
    if spec.metric is not None and kind.scores:
        _check_metric(frame, call)
    return ModelCallSpec(
        role=spec.model or kind.role,
        template=str(path.absolute()) if path else None,
        settings=spec.settings or Settings(),
        given=given,
        metric=spec.metric,
        cache=spec.cache,
        on_error=spec.on_error,
        **({} if spec.retries is None else {"retries": spec.retries}),
        max_failed=1.0 if spec.max_failed is None else spec.max_failed,
    )


def _refuse_misplaced(frame: GraphScope, call: ModelCall) -> None:
    """Note the engine's keys that this node type has no use for."""
    kind = call.kind
    taken = keys_of(kind)
    why = "speaks to no model" if kind.role is None else "scores nothing" if kind.slots else "renders no template of its own"
    for key in ENGINE_KEYS:
        child = call.branch.get(key)
        if child is not None and key not in taken:
            place = (child.key or child.spot).place()
            frame.site.findings.error("misplaced-key", place, f"{kind.name} {why}, so it takes no {key!r}", "remove it")
            frame.mark_used(child)


def _refuse_idle(frame: GraphScope, call: ModelCall) -> None:
    """Note a key that only works beside another way of `on_error`: it would be ignored in silence."""
    for key, way in (("retries", "retry"), ("max_failed", "skip")):
        child = call.branch.get(key)
        if child is not None and call.spec.on_error != way:
            place, hint = (child.key or child.spot).place(), f"write on_error: {way} beside it, or remove it"
            frame.site.findings.warn("idle-key", place, f"{key!r} only counts with on_error: {way}", hint)


def _given(frame: GraphScope, call: ModelCall) -> dict[str, Wire]:
    """The wires of `with:`."""
    wires: dict[str, Wire] = {}
    under = call.branch.get("with")
    for name in call.spec.with_:
        child = under.get(name) if under else None
        if child is not None:
            wire = connect(child, Target(f"'with: {name}'", optional=True), frame)
            if wire is not None:
                wires[name] = wire
    return wires


def _template(frame: GraphScope, call: ModelCall) -> Path | None:
    """The file of the step's template; None when it has none or it is not there, which is then noted."""
    written = call.branch.get("template")
    if call.spec.template is None or written is None:
        if call.kind.slots is not None:
            place = (call.branch.key or call.branch.spot).place()
            hint = "write template: FILE.j2"
            frame.site.findings.error("missing-template", place, f"{call.kind.name} needs a template", hint)
        return None
    try:
        beside = folder_of(written, frame.source.document)
        return frame.site.folders.template(call.spec.template, beside, written.spot.place())
    except PipelineError as error:
        frame.site.findings.add(error.problems)
        return None


def _check_metric(frame: GraphScope, call: ModelCall) -> None:
    try:
        find_metric(call.spec.metric or "")
    except UsageError as error:
        place = (call.branch.get("metric") or call.branch).spot.place()
        frame.site.findings.error("unknown-metric", place, error.problem, error.hint)
