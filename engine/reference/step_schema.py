"""JSON Schema of the steps of a pipeline file: loops, `each`, and calls of node types and pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from promptwire.backend import Settings
from promptwire.cache.policy import CachePolicy
from promptwire.graph.port_types import name_of
from promptwire.graph.step_keys import STEP_KEYS, OnError, keys_of
from promptwire.language.step_spec import CallSpec, PortType
from promptwire.limits import StageLimits
from promptwire.node import NodeType, Role
from promptwire.templating.parsing import Parse
from promptwire.values import Model

__all__ = ["Schema", "named", "plain", "referable", "step_definitions"]

Schema = dict[str, Any]
_NAME: Final = "^[a-z][a-z0-9_]{0,63}$"
_REFERENCE: Final[Schema] = {
    "type": "string",
    "pattern": r"^\$[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$",
    # Not part of JSON Schema: editors show this in place of the pattern.
    "patternErrorMessage": "Neither a value of this type nor a reference such as $seed or $graded.scores.",
}
_TRUTHS: Final[Schema] = {
    "anyOf": [
        {"$ref": "#/definitions/reference"},
        {"type": "array", "items": {"$ref": "#/definitions/reference"}, "minItems": 1},
    ]
}


def step_definitions(types: Mapping[str, NodeType]) -> Schema:
    """Definitions of a step, and of what stands in it, for the node types `types`."""
    return {
        "reference": _REFERENCE,
        "node": _node(types),
        "settings": referable(Settings),
        "parse": referable(Parse),
        "truths": _TRUTHS,
        **{name: _call(kind) for name, kind in types.items()},
    }


def named(values: Schema, description: str = "") -> Schema:
    """Schema of a mapping from names to `values`."""
    found: Schema = {"type": "object", "propertyNames": {"pattern": _NAME}, "additionalProperties": values}
    return {**found, "description": description} if description else found


def _node(types: Mapping[str, NodeType]) -> Schema:
    """Schema of a node: loop, `each` or call. The node type of a call decides its other keys."""
    body = {**named({"$ref": "#/definitions/node"}), "minProperties": 1}
    state = {"type": {"enum": list(get_args(PortType))}, "start": {}, "next": {}}
    carried = {"type": "object", "required": ["next"], "additionalProperties": False, "properties": state}
    loop: Schema = {
        **_step_keys(),
        "repeat": {"description": "Number of rounds, or {variable: LIST}."},
        "until": _truths("A Bool or set of the body that ends the loop when it is true; of a list, one is enough."),
        "carry": named(carried, "States carried from round to round: {start: $x, next: $y}."),
        "nodes": body,
    }
    each = {
        **_step_keys(),
        "each": {**named({}), "minProperties": 1, "maxProperties": 1},
        "nodes": body,
        "outputs": {**named({}), "minProperties": 1},
    }
    use = {
        "anyOf": [
            {"enum": list(types)},
            {"pattern": r"\.ya?ml$", "description": "A pipeline file, such as ./expand.yaml."},
            {"pattern": ":", "description": "A plug-in's node type, such as acme:judge."},
        ]
    }
    first: Schema = {"properties": {"use": {"type": "string", "description": CallSpec.model_fields["use"].description, **use}}}
    calls = [
        {"if": {"required": ["use"], "properties": {"use": {"const": name}}}, "then": {"$ref": f"#/definitions/{name}"}}
        for name in types
    ]
    limits = {"type": "object", "additionalProperties": False, "properties": _stage_limits()}
    limits["description"] = CallSpec.model_fields["limits"].description
    override = {"type": "object", "description": CallSpec.model_fields["override"].description}
    part: Schema = {"required": ["use"], "properties": {"use": {"pattern": r"\.ya?ml$"}}}
    forms = [
        {"if": part, "then": {"properties": {"limits": limits, "override": override}}},
        {"if": {"required": ["repeat"]}, "then": _closed(loop, ["repeat", "nodes"])},
        {"if": {"required": ["each"]}, "then": _closed(each, ["each", "nodes", "outputs"])},
    ]
    one = [{"required": [form]} for form in ("use", "repeat", "each")]
    return {"type": "object", "oneOf": one, **first, "allOf": [*forms, *calls]}


def _stage_limits() -> Schema:
    """Schema of the limits of a stage: numbers, or references to params and loop variables."""
    found = plain(StageLimits)["properties"]
    return {name: _setting({"anyOf": one["anyOf"], "description": one["description"]}) for name, one in found.items()}


def _closed(properties: Schema, required: list[str]) -> Schema:
    return {"properties": properties, "required": required, "additionalProperties": False}


def _call(kind: NodeType) -> Schema:
    """Schema of the keys of a call of `kind`."""
    properties: Schema = {"use": {"const": kind.name, "description": kind.doc}}
    required = ["use"]
    for port, field in kind.inputs.model_fields.items():
        about = f"{name_of(field.annotation)}. {_line(field.description)}"
        properties[port.rstrip("_")] = {"description": about, **_wire(name_of(field.annotation))}
        required += [port.rstrip("_")] if field.is_required() else []
    params = kind.params.model_json_schema()
    for name, found in params.get("properties", {}).items():
        properties[name.rstrip("_")] = _setting(found)
    required += [name.rstrip("_") for name in params.get("required", ())]
    return _closed({**properties, **_step_keys(), **_engine(kind)}, required + (["template"] if kind.slots else []))


def _step_keys() -> Schema:
    """Schema of the keys of every step."""
    return {key: _truths(CallSpec.model_fields[key].description or "") for key in STEP_KEYS}


def _truths(about: str) -> Schema:
    return {"description": about, "anyOf": [{"$ref": "#/definitions/truths"}]}


def _engine(kind: NodeType) -> Schema:
    """Schema of the engine keys of a call of `kind`."""
    reference = {"$ref": "#/definitions/reference"}
    shapes: Schema = {
        "model": {"anyOf": [{"enum": list(get_args(Role))}, reference]},
        "template": {"type": "string"},
        "with": named({}),
        "parse": {"$ref": "#/definitions/parse"},
        "settings": {"$ref": "#/definitions/settings"},
        "metric": {"type": "string"},
        "cache": {"enum": list(get_args(CachePolicy))},
        "on_error": {"enum": list(get_args(OnError))},
        "retries": {"type": "integer", "minimum": 1},
        "max_failed": {"type": "number", "minimum": 0, "maximum": 1},
    }
    about = {name: CallSpec.model_fields["with_" if name == "with" else name].description for name in shapes}
    return {name: {"description": about[name], **shapes[name]} for name in keys_of(kind)}


def _wire(port: str) -> Schema:
    """Schema of a port's value: a reference, a list of references, or a plain value. Only texts may be a bare word."""
    if port in ("Text", "List"):
        return {}
    references = {"type": "array", "items": {"$ref": "#/definitions/reference"}}
    return {"anyOf": [{"$ref": "#/definitions/reference"}, references, {"type": ["boolean", "number", "null"]}]}


def _setting(found: Schema) -> Schema:
    """Schema of a param: its own, or a reference to a param or loop variable."""
    own = {key: value for key, value in found.items() if key not in ("title", "description")}
    about = {"description": _line(found.get("description"))} if "description" in found else {}
    return {**about, "anyOf": [own, {"$ref": "#/definitions/reference"}]}


def plain(model: type[Model]) -> Schema:
    """Schema of a model without nested models."""
    found = model.model_json_schema()
    found.pop("title", None)
    return found


def referable(model: type[Model]) -> Schema:
    """Schema of a model whose values may be references."""
    found = plain(model)
    return {**found, "properties": {name: _setting(one) for name, one in found["properties"].items()}}


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
