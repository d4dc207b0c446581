"""Example of a call of a node type, as YAML: from a shipped pipeline, or with the required keys only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptwire.documents import resources
from promptwire.documents.yaml_reader import dump_yaml, read_yaml
from promptwire.node import NodeType

__all__ = ["node_example"]


def node_example(kind: NodeType) -> tuple[str, str]:
    """Source of an example, and the example."""
    for pipeline in resources.pipelines():
        data = read_yaml(resources.pipeline_path(pipeline)).data
        found = _uses(data, kind.name) if isinstance(data, dict) and "extends" not in data else None
        if found is not None:
            return f"from {pipeline}", _line(*found)
    required = {
        side: [name.rstrip("_") for name, field in schema.model_fields.items() if field.is_required()]
        for side, schema in (("inputs", kind.inputs), ("params", kind.params))
    }
    wires = {name: f"${name}" for name in required["inputs"]}
    settings = dict.fromkeys(required["params"], "VALUE")
    template = {"template": f"mine/{kind.name}.j2"} if kind.slots is not None else {}
    return "required keys only", _line("name", {"use": kind.name, **wires, **template, **settings})


def _line(name: str, node: Mapping[str, Any]) -> str:
    return dump_yaml({name: dict(node)}, own=True).rstrip()


def _uses(data: Mapping[str, Any], name: str) -> tuple[str, Mapping[str, Any]] | None:
    """First node of the type `name` in a pipeline, loop bodies included."""
    for key, node in data.get("nodes", {}).items():
        if node.get("use") == name:
            return key, node
        if (inner := _uses(node, name)) is not None:
            return inner
    return None
