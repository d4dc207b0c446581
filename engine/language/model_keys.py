"""Checks the engine keys of a call: role, template, settings, metric, cache, error handling.

The node type decides which of them a step takes. A `template` on a node that renders none, or `settings` on a node that calls
no model, is an error, because it would be ignored without a message.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from promptwire.backend import Settings
from promptwire.documents.document import YamlValue
from promptwire.errors import PipelineError, UsageError
from promptwire.graph.step_keys import ENGINE_KEYS, PIPELINE_KEYS, keys_of
from promptwire.graph.steps import ModelCallSpec, TemplateSpec, Wire
from promptwire.language.context import GraphScope
from promptwire.language.inheritance import folder_of
from promptwire.language.references import Target, connect, type_of_wire
from promptwire.language.spec import CallSpec
from promptwire.language.template_check import check_template
from promptwire.metrics.metric import find_metric
from promptwire.node import NodeType

__all__ = ["ModelCall", "model_call_spec", "template_spec"]


class ModelCall(NamedTuple):
    """A call in YAML, with its node type."""

    name: str
    spec: CallSpec
    kind: NodeType
    yaml_value: YamlValue
    members: type | None = None
    """Type of the set on its port of type Members."""


def model_call_spec(scope: GraphScope, call: ModelCall) -> ModelCallSpec | None:
    """Engine keys of a call; None when its node type calls no model."""
    _report_misplaced_keys(scope, call)
    _report_pipeline_keys(scope, call)
    spec, kind = call.spec, call.kind
    if kind.role is None:
        return None
    _warn_of_idle_keys(scope, call)
    path, given = _checked_template(scope, call)
    if spec.metric is not None and kind.scores:
        _check_metric(scope, call)
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


def template_spec(scope: GraphScope, call: ModelCall) -> TemplateSpec | None:
    """Template of a call that renders one without a model; None for other node types, or when there is an error."""
    if not call.kind.renders:
        return None
    path, given = _checked_template(scope, call)
    return TemplateSpec(str(path.absolute()), given) if path else None


def _checked_template(scope: GraphScope, call: ModelCall) -> tuple[Path | None, dict[str, Wire]]:
    """Path of the step's template, if there is one, and the wires of `with:`. Both are checked."""
    given = _template_wires(scope, call) if call.kind.slots else {}
    path = _template(scope, call)
    if path is not None:
        types = {name: type_of_wire(wire, scope.names) for name, wire in given.items()}
        check_template(
            path,
            call.kind,
            given=types,
            name=call.name,
            yaml_value=call.yaml_value,
            diagnostics=scope.diagnostics,
            members=call.members,
        )
    return path, given


def _report_misplaced_keys(scope: GraphScope, call: ModelCall) -> None:
    """Report engine keys that this node type does not take."""
    kind = call.kind
    taken = keys_of(kind)
    for key in ENGINE_KEYS:
        child = call.yaml_value.get(key)
        if child is not None and key not in taken:
            location = child.key_location
            scope.diagnostics.error(
                "misplaced-key", location, f"{kind.name} {_reason(kind)}, so it takes no {key!r}", "remove it"
            )
            scope.mark_used(child)


def _report_pipeline_keys(scope: GraphScope, call: ModelCall) -> None:
    """Report keys that only a pipeline that is used as a node takes."""
    for key in PIPELINE_KEYS:
        child = call.yaml_value.get(key)
        if child is not None:
            limited = "put the step into a pipeline file of its own, or limit the run: --limit calls=N"
            hint = limited if key == "limits" else "write the changes into the step itself"
            message = f"only a pipeline that is used as a node takes {key!r}, and {call.kind.name} is a node type"
            scope.diagnostics.error("misplaced-key", child.key_location, message, hint)
            scope.mark_used(child)


def _reason(kind: NodeType) -> str:
    """Why a node type does not take some engine keys."""
    if kind.role is None:
        return "calls no model"
    return "scores nothing" if kind.slots else "renders no template of its own"


def _warn_of_idle_keys(scope: GraphScope, call: ModelCall) -> None:
    """Warn of a key that has no effect with this `on_error`."""
    for key, way in (("retries", "retry"), ("max_failed", "skip")):
        child = call.yaml_value.get(key)
        if child is not None and call.spec.on_error != way:
            location, hint = child.key_location, f"add on_error: {way}, or remove it"
            scope.diagnostics.warn("idle-key", location, f"{key!r} has an effect only with on_error: {way}", hint)


def _template_wires(scope: GraphScope, call: ModelCall) -> dict[str, Wire]:
    """Wires of `with:`."""
    wires: dict[str, Wire] = {}
    under = call.yaml_value.get("with")
    for name in call.spec.with_:
        child = under.get(name) if under else None
        if child is not None:
            wire = connect(child, Target(f"'with: {name}'", optional=True), scope)
            if wire is not None:
                wires[name] = wire
    return wires


def _template(scope: GraphScope, call: ModelCall) -> Path | None:
    """Find the step's template file; None when there is none. Reports a missing file."""
    written = call.yaml_value.get("template")
    if call.spec.template is None or written is None:
        if call.kind.slots is not None:
            location = call.yaml_value.key_location
            hint = "write template: FILE.j2"
            scope.diagnostics.error("missing-template", location, f"{call.kind.name} needs a template", hint)
        return None
    try:
        beside = folder_of(written, scope.source.document)
        return scope.context.folders.template(call.spec.template, beside, written.location)
    except PipelineError as error:
        scope.diagnostics.add(error.problems)
        return None


def _check_metric(scope: GraphScope, call: ModelCall) -> None:
    try:
        find_metric(call.spec.metric or "")
    except UsageError as error:
        location = (call.yaml_value.get("metric") or call.yaml_value).location
        scope.diagnostics.error("unknown-metric", location, error.problem, error.hint)
