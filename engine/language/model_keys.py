"""Checks the engine keys of a call: role, template, settings, metric, cache, error handling.

The node type decides which of them a step takes. A `template` on a node that renders none, or `settings` on a node that calls
no model, is an error, because it would be ignored without a message.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

from promptwire.backend import Settings
from promptwire.documents.document import YamlValue
from promptwire.errors import UsageError, suggest
from promptwire.graph.model_calls import Varying
from promptwire.graph.step_keys import ENGINE_KEYS, PIPELINE_KEYS, keys_of
from promptwire.graph.steps import ModelCallSpec, TemplateSpec, Wire
from promptwire.language.context import GraphScope
from promptwire.language.key_references import known_rule, known_word, template_paths, varying_keys
from promptwire.language.references import Target, connect, type_of_wire
from promptwire.language.step_spec import CallSpec
from promptwire.language.template_check import NamedCall, check_template
from promptwire.metrics.metric import find_metric
from promptwire.node import NodeType, Role

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
    template, metric = _checked_template(scope, call), known_word(scope, call.yaml_value, "metric", spec.metric)
    if metric is not None and kind.scores:
        _check_metric(scope, call, metric)
    return ModelCallSpec(
        role=_role(scope, call) or kind.role,
        template=template.path,
        settings=spec.settings or Settings(),
        given=template.given,
        metric=metric,
        cache=spec.cache,
        on_error=spec.on_error,
        **({} if spec.retries is None else {"retries": spec.retries}),
        max_failed=1.0 if spec.max_failed is None else spec.max_failed,
        parse=template.parse,
        varying=template.varying,
    )


def _role(scope: GraphScope, call: ModelCall) -> Role | None:
    """The role under `model:`; None when there is none. Reports a word that is no role."""
    role: Role | None = known_word(scope, call.yaml_value, "model", call.spec.model)
    if role is None or role in get_args(Role):
        return role
    written = call.yaml_value.get("model") or call.yaml_value
    hint = suggest(str(role), get_args(Role), noun="roles")
    scope.diagnostics.error("unknown-role", written.location, f"there is no role {role!r} (from {written.value})", hint)
    return None


def template_spec(scope: GraphScope, call: ModelCall) -> TemplateSpec | None:
    """Template of a call that renders one without a model; None for other node types, or when there is an error."""
    if not call.kind.renders:
        return None
    found = _checked_template(scope, call)
    if found.path is None:
        return None
    return TemplateSpec(found.path, found.given, found.parse, found.varying)


class _Template(NamedTuple):
    """The template of a step, checked."""

    path: str | None
    """Its path; the first of several, and None when there is none."""
    given: Mapping[str, Wire]
    """Wires of `with:`."""
    parse: Mapping[str, Any] | None
    """The step's own rule to read replies."""
    varying: Varying | None
    """References in its keys; None when there are none."""


def _checked_template(scope: GraphScope, call: ModelCall) -> _Template:
    """The step's template with the wires of `with:`. All templates that it may have are checked."""
    given = _template_wires(scope, call) if call.kind.slots else {}
    wire, paths = _templates(scope, call)
    rule = call.spec.parse.model_dump(exclude_unset=True, by_alias=True) if call.spec.parse else None
    varying = varying_keys(scope, call.yaml_value, wire, paths)
    owner = NamedCall(call.name, call.kind, call.yaml_value, known_rule(scope, call.yaml_value, rule, varying), call.members)
    types = {name: type_of_wire(wire, scope.names) for name, wire in given.items()}
    for path in dict.fromkeys(paths.values()):
        check_template(path, owner, given=types, diagnostics=scope.diagnostics)
    first = next(iter(paths.values()), None)
    return _Template(str(first.absolute()) if first else None, given, rule, varying)


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


def _templates(scope: GraphScope, call: ModelCall) -> tuple[Wire | None, Mapping[str, Path]]:
    """The wire of `template:` if it is a reference, and the paths of the templates. Reports a missing one."""
    if call.spec.template is not None and call.yaml_value.get("template") is not None:
        return template_paths(scope, call.yaml_value, call.spec.template)
    if call.kind.slots is not None:
        location = call.yaml_value.key_location
        scope.diagnostics.error("missing-template", location, f"{call.kind.name} needs a template", "write template: FILE.j2")
    return None, {}


def _check_metric(scope: GraphScope, call: ModelCall, metric: str) -> None:
    try:
        find_metric(metric)
    except UsageError as error:
        location = (call.yaml_value.get("metric") or call.yaml_value).location
        scope.diagnostics.error("unknown-metric", location, error.problem, error.hint)
