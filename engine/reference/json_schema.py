"""JSON Schema of pipeline files for editors, with a description of every key.

It is made from the models of the checker and of the node types, so editor and `check` agree. Each node type has an `if`/`then`,
because the YAML language server ignores `discriminator`. A schema can't resolve names, so it accepts any reference as a value;
only `check` knows its type.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, get_args

from promptwire.backend import Settings
from promptwire.language.spec import PARAM_WORDS, ParamType
from promptwire.language.step_spec import CallSpec, PortType
from promptwire.limits import Limits, RateLimits, StageLimits
from promptwire.local_settings import LocalSettings
from promptwire.node import NodeType, Role
from promptwire.reference.field_docs import add_field_docs
from promptwire.reference.step_schema import Schema, named, plain, referable, step_definitions
from promptwire.registry.node_types import Registry
from promptwire.templating.parsing import Parse
from promptwire.values import Model

__all__ = ["FILE", "schema", "schema_text"]

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""The dialect that the YAML language server supports best."""

FILE: Final = "promptwire.json"
"""Name of the schema file. It is in the folder of the pipelines, and their first line names it."""

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
        "definitions": step_definitions(types),
    }


def schema_text(types: Mapping[str, NodeType] | None = None) -> str:
    """The schema as text for a file."""
    return json.dumps(schema(types), indent=1, ensure_ascii=False) + "\n"


def _top() -> Schema:
    anything = named({})
    return {
        "promptwire": {"const": 1, "description": "Version of the grammar."},
        "name": {"type": "string", "description": "Its name; by default the file's name."},
        "doc": {"type": "string", "description": "Its purpose in one sentence."},
        "extends": {"type": "string", "description": "The base pipeline of this variant, such as ./base.yaml."},
        "override": {"type": "object", "description": "Differences from the base: dotted paths and patches; null removes."},
        "inputs": named(_input(), "Inputs."),
        "params": named(_param(), "Settings that -p can change: `k: 5`, or {type, default, min, max, choices, help}."),
        "models": {
            "type": "object",
            "propertyNames": {"enum": list(get_args(Role))},
            "additionalProperties": _role(),
            "description": "Sampling settings by role, and under `local` the settings of a local model.",
        },
        "limits": _limits(),
        "nodes": {**named({"$ref": "#/definitions/node"}), "minProperties": 1, "description": "The graph."},
        "outputs": {**anything, "minProperties": 1, "description": "Outputs; the first is the main output."},
    }


def _role() -> Schema:
    settings = referable(Settings)
    local = {**plain(LocalSettings), "description": "Settings of a local model."}
    return {**settings, "properties": {**settings["properties"], "local": local}, "description": "Settings of a role's model."}


def _limits() -> Schema:
    budgets = plain(Limits)
    budgets.pop("$defs", None)
    about = "Rate and concurrency limits of each role's model."
    roles = {"type": "object", "propertyNames": {"enum": list(get_args(Role))}, "additionalProperties": plain(RateLimits)}
    properties = {**budgets["properties"], "roles": {**roles, "description": about}}
    return {**budgets, "properties": properties, "description": "Budgets of a run."}


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
