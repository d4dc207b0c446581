"""Values as JSON on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

__all__ = ["json_value", "print_json"]


def print_json(value: Any) -> None:
    """Print `value` as ASCII JSON. ASCII, since a lone surrogate from a broken reply can't be written as UTF-8."""
    sys.stdout.write(json.dumps(json_value(value)) + "\n")


def json_value(value: Any) -> Any:
    """Return dataclasses, models, mappings and lists as JSON values, field by field.

    >>> json_value({"a": (1, Path("x"))})
    {'a': [1, 'x']}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: json_value(getattr(value, field.name)) for field in fields(value)}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(name): json_value(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_value(one) for one in value]
    return str(value) if isinstance(value, Path) else value
