"""The JSON Schema of pipeline files, for editors: what may stand where, with the manual of every key.

Made from the same models that the checker uses, and for each node type from its own, so an editor and `check` can't disagree.
One `if`/`then` a node type, because the YAML language server does not read `discriminator`. A schema knows no names: what a
reference means, only `check` can tell, so a value may always be a reference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, get_args

from promptwire.backend import Settings
from promptwire.cache.policy import CachePolicy
from promptwire.graph.port_types import name_of
from promptwire.graph.step_keys import OnError, keys_of
from promptwire.language.spec import PARAM_WORDS, CallSpec, ParamType, PortType
from promptwire.limits import Limits, RateLimits
from promptwire.node import NodeType, Role
from promptwire.reference.field_docs import add_field_docs
from promptwire.registry.node_types import Registry
from promptwire.values import Model

__all__ = ["FILE", "schema", "schema_text"]

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""The one that the YAML language server knows best."""

FILE: Final = "promptwire.json"
"""What the schema's file is called where pipelines stand: their first line names it, and it lies beside them."""

Schema = dict[str, Any]
_NAME: Final = "^[a-z][a-z0-9_]{0,63}$"
_REFERENCE: Final[Schema] = {
    "type": "string",
    "pattern": r"^\$[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$",
    # Not of JSON Schema: editors say this where they would show the pattern.
    "patternErrorMessage": "No value of this kind, and no reference such as $seed or $graded.scores.",
}
_PLAIN: Final = ("boolean", "integer", "number", "string", "array")


def schema(types: Mapping[str, NodeType] | None = None) -> Schema:
    """The schema, with the node types `types`; those installed when not given."""
    types = Registry() if types is None else types
    described: list[type[Model]] = [CallSpec, Limits, Settings, RateLimits]
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
        "definitions": {"reference": _REFERENCE, "node": _node(types), "settings": _plain(Settings), **_calls(types)},
    }


def schema_text(types: Mapping[str, NodeType] | None = None) -> str:
    """The schema as it is written into files."""
    return json.dumps(schema(types), indent=1, ensure_ascii=False) + "\n"


def _top() -> Schema:
    anything = _named({})
    return {
        "promptwire": {"const": 1, "description": "Version of the grammar."},
        "name": {"type": "string", "description": "What to call it; the file's name when not said."},
        "doc": {"type": "string", "description": "What it does, in a sentence."},
        "extends": {"type": "string", "description": "The pipeline that this one is a variant of, such as ./base.yaml."},
        "override": {"type": "object", "description": "What is different: dotted paths and patches; null removes."},
        "inputs": _named(_input(), "What goes in."),
        "params": _named(_param(), "What can be set: `k: 5`, or {type, default, min, max, choices, help}."),
        "models": {
            "type": "object",
            "propertyNames": {"enum": list(get_args(Role))},
            "additionalProperties": {"$ref": "#/definitions/settings"},
            "description": "Sampling settings by role.",
        },
        "limits": _limits(),
        "nodes": {**_named({"$ref": "#/definitions/node"}), "minProperties": 1, "description": "The graph."},
        "outputs": {**anything, "minProperties": 1, "description": "What comes out; the first is the main output."},
    }


def _limits() -> Schema:
    budgets = _plain(Limits)
    budgets.pop("$defs", None)
    about = "How hard the model of each role may be pressed."
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
            "description": "Its type; the default's when not said.",
        },
        "default": {"description": "Its value unless it is set."},
        "min": {"type": "number"},
        "max": {"type": "number"},
        "choices": {"type": "array", "description": "The only values allowed."},
        "help": {"type": "string"},
    }
    return {"anyOf": [{"type": list(_PLAIN)}, {"type": "object", "additionalProperties": False, "properties": long}]}


def _node(types: Mapping[str, NodeType]) -> Schema:
    """A node: a loop, an `each`, or a call whose other keys its type decides."""
    body = {**_named({"$ref": "#/definitions/node"}), "minProperties": 1}
    state = {"type": {"enum": list(get_args(PortType))}, "start": {}, "next": {}}
    carried = {"type": "object", "required": ["next"], "additionalProperties": False, "properties": state}
    loop = {
        "repeat": {"description": "Number of rounds, or {variable: LIST}."},
        "until": {**_REFERENCE, "description": "A Bool of the body that ends the loop."},
        "carry": _named(carried, "What goes from round to round: {start: $x, next: $y}."),
        "nodes": body,
    }
    each = {
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
    forms = [
        {"if": {"required": ["repeat"]}, "then": _closed(loop, ["repeat", "nodes"])},
        {"if": {"required": ["each"]}, "then": _closed(each, ["each", "nodes", "outputs"])},
    ]
    one = [{"required": [form]} for form in ("use", "repeat", "each")]
    return {"type": "object", "oneOf": one, **first, "allOf": [*forms, *calls]}


def _closed(properties: Schema, required: list[str]) -> Schema:
    return {"properties": properties, "required": required, "additionalProperties": False}


def _calls(types: Mapping[str, NodeType]) -> Schema:
    return {name: _call(types[name]) for name in types}


def _call(kind: NodeType) -> Schema:
    """The keys that a call of `kind` takes."""
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
    return _closed({**properties, **_engine(kind)}, required + (["template"] if kind.slots else []))


def _engine(kind: NodeType) -> Schema:
    """The engine's keys that a call of `kind` takes."""
    shapes: Schema = {
        "model": {"enum": list(get_args(Role))},
        "template": {"type": "string"},
        "with": _named({}),
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
    """A reference, a list of references, or a plain value; a bare word is a forgotten `$` but where texts go."""
    if port in ("Text", "List"):
        return {}
    references = {"type": "array", "items": {"$ref": "#/definitions/reference"}}
    return {"anyOf": [{"$ref": "#/definitions/reference"}, references, {"type": ["boolean", "number", "null"]}]}


def _setting(found: Schema, shared: Schema) -> Schema:
    """A param: its own schema, or a reference to a param or loop variable."""
    own = {key: value for key, value in found.items() if key not in ("title", "description")}
    about = {"description": _line(found.get("description"))} if "description" in found else {}
    return {**about, "anyOf": [own, {"$ref": "#/definitions/reference"}]}


def _plain(model: type[Model]) -> Schema:
    """The schema of one of our own flat models."""
    found = model.model_json_schema()
    found.pop("title", None)
    return found


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
