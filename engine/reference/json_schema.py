"""JSON Schema of pipeline files for editors, with a description of every key.

It is made from the models of the checker and of the node types, so editor and `check` agree. Each node type has an `if`/`then`,
because the YAML language server ignores `discriminator`. A schema can't resolve names, so it accepts any reference as a value;
only `check` knows its type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, get_args

from promptwire.backend import Settings
from promptwire.cache.policy import CachePolicy
from promptwire.graph.port_types import name_of
from promptwire.graph.step_keys import STEP_KEYS, OnError, keys_of
from promptwire.language.spec import PARAM_WORDS, ParamType
from promptwire.language.step_spec import CallSpec, PortType
from promptwire.limits import Limits, RateLimits, StageLimits
from promptwire.local_settings import LocalSettings
from promptwire.node import NodeType, Role
from promptwire.reference.field_docs import add_field_docs
from promptwire.registry.node_types import Registry
from promptwire.templating.parsing import Parse
from promptwire.values import Model

__all__ = ["FILE", "schema", "schema_text"]

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""The dialect that the YAML language server supports best."""

FILE: Final = "promptwire.json"
"""Name of the schema file. It is in the folder of the pipelines, and their first line names it."""

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
_PLAIN: Final = ("boolean", "integer", "number", "string", "array")


def schema(types: Mapping[str, NodeType] | None = None) -> Schema:
    """The schema for the node types `types`, by default all installed ones."""
    types = Registry() if types is None else types
    described: list[type[Model]] = [CallSpec, Limits, Settings, Parse, LocalSettings, RateLimits, StageLimits]
    add_field_docs(*described, *(model for kind in types.values() for model in (kind.inputs, kind.params)))
    return {
        "$schema": DIALECT,
        "title": "promptwire pipeline",
        "type": "object",
        "required": ["promptwire"],
        "if": {"required": ["extends"]},
        "else": {"required": ["nodes", "outputs"]},
        "additionalProperties": False,
        "properties": _top(),
        "definitions": {
            "reference": _REFERENCE,
            "node": _node(types),
            "settings": _referable(Settings),
            "parse": _referable(Parse),
            "truths": _TRUTHS,
            **_calls(types),
        },
    }


def schema_text(types: Mapping[str, NodeType] | None = None) -> str:
    """The schema as text for a file."""
    return json.dumps(schema(types), indent=1, ensure_ascii=False) + "\n"


def _top() -> Schema:
    anything = _named({})
    return {
        "promptwire": {"const": 1, "description": "Version of the grammar."},
        "name": {"type": "string", "description": "Its name; by default the file's name."},
        "doc": {"type": "string", "description": "Its purpose in one sentence."},
        "extends": {"type": "string", "description": "The base pipeline of this variant, such as ./base.yaml."},
        "override": {"type": "object", "description": "Differences from the base: dotted paths and patches; null removes."},
        "inputs": _named(_input(), "Inputs."),
        "params": _named(_param(), "Settings that -p can change: `k: 5`, or {type, default, min, max, choices, help}."),
        "models": {
            "type": "object",
            "propertyNames": {"enum": list(get_args(Role))},
            "additionalProperties": _role(),
            "description": "Sampling settings by role, and under `local` the settings of a local model.",
        },
        "limits": _limits(),
        "nodes": {**_named({"$ref": "#/definitions/node"}), "minProperties": 1, "description": "The graph."},
        "outputs": {**anything, "minProperties": 1, "description": "Outputs; the first is the main output."},
    }


def _role() -> Schema:
    settings = _referable(Settings)
    local = {**_plain(LocalSettings), "description": "Settings of a local model."}
    return {**settings, "properties": {**settings["properties"], "local": local}, "description": "Settings of a role's model."}


def _limits() -> Schema:
    budgets = _plain(Limits)
    budgets.pop("$defs", None)
    about = "Rate and concurrency limits of each role's model."
    roles = {"type": "object", "propertyNames": {"enum": list(get_args(Role))}, "additionalProperties": _plain(RateLimits)}
    properties = {**budgets["properties"], "roles": {**roles, "description": about}}
    return {**budgets, "properties": properties, "description": "Budgets of a run."}


def _named(values: Schema, description: str = "") -> Schema:
    found: Schema = {"type": "object", "propertyNames": {"pattern": _NAME}, "additionalProperties": values}
    return {**found, "description": description} if description else found


def _input() -> Schema:
    kind = {"enum": list(get_args(PortType))}
    long = {"type": kind, "optional": {"type": "boolean"}, "help": {"type": "string"}}
    return {"anyOf": [kind, {"type": "object", "required": ["type"], "additionalProperties": False, "properties": long}]}


def _param() -> Schema:
    types = list(get_args(ParamType))
    long: Schema = {
        "type": {
            "anyOf": [{"enum": types}, {"pattern": f"^({'|'.join([*PARAM_WORDS, *map(str.title, types)])})$"}],
            "description": "Its type; by default the type of `default`.",
        },
        "default": {"description": "Default value."},
        "min": {"type": "number"},
        "max": {"type": "number"},
        "choices": {"type": "array", "description": "The only values allowed."},
        "help": {"type": "string"},
    }
    return {"anyOf": [{"type": list(_PLAIN)}, {"type": "object", "additionalProperties": False, "properties": long}]}


def _node(types: Mapping[str, NodeType]) -> Schema:
    """Schema of a node: loop, `each` or call. The node type of a call decides its other keys."""
    body = {**_named({"$ref": "#/definitions/node"}), "minProperties": 1}
    state = {"type": {"enum": list(get_args(PortType))}, "start": {}, "next": {}}
    carried = {"type": "object", "required": ["next"], "additionalProperties": False, "properties": state}
    loop: Schema = {
        **_step_keys(),
        "repeat": {"description": "Number of rounds, or {variable: LIST}."},
        "until": _truths("A Bool or set of the body that ends the loop when it is true; of a list, one is enough."),
        "carry": _named(carried, "States carried from round to round: {start: $x, next: $y}."),
        "nodes": body,
    }
    each = {
        **_step_keys(),
        "each": {**_named({}), "minProperties": 1, "maxProperties": 1},
        "nodes": body,
        "outputs": {**_named({}), "minProperties": 1},
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
    found = _plain(StageLimits)["properties"]
    return {name: _setting({"anyOf": one["anyOf"], "description": one["description"]}, {}) for name, one in found.items()}


def _closed(properties: Schema, required: list[str]) -> Schema:
    return {"properties": properties, "required": required, "additionalProperties": False}


def _calls(types: Mapping[str, NodeType]) -> Schema:
    return {name: _call(types[name]) for name in types}


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
        properties[name.rstrip("_")] = _setting(found, params.get("$defs", {}))
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
        "with": _named({}),
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


def _setting(found: Schema, shared: Schema) -> Schema:
    """Schema of a param: its own, or a reference to a param or loop variable."""
    own = {key: value for key, value in found.items() if key not in ("title", "description")}
    about = {"description": _line(found.get("description"))} if "description" in found else {}
    return {**about, "anyOf": [own, {"$ref": "#/definitions/reference"}]}


def _plain(model: type[Model]) -> Schema:
    """Schema of a model without nested models."""
    found = model.model_json_schema()
    found.pop("title", None)
    return found


def _referable(model: type[Model]) -> Schema:
    """Schema of a model whose values may be references."""
    found = _plain(model)
    return {**found, "properties": {name: _setting(one, {}) for name, one in found["properties"].items()}}


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
