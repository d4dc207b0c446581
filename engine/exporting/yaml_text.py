"""Texts in a YAML file: in lines of their own where they can stand so, otherwise between double quotes."""

from __future__ import annotations

import json
import re
from typing import Any, Final

__all__ = ["json_of_yaml", "yaml_field"]

_BLOCK: Final = re.compile(r"[^\s#][^\r\x85\u2028\u2029\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]*")
"""A text that can stand in lines of its own."""
_HIDDEN: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that YAML does not read as JSON does."""


def yaml_field(name: str, text: str) -> str:
    """The field `name` of a YAML file, with a text."""
    if "\n" in text and _BLOCK.fullmatch(text) and not text.endswith("\n"):
        return f"{name}: |-\n" + "".join(f"  {line}\n" if line else "\n" for line in text.split("\n"))
    return f"{name}: {json_of_yaml(text)}\n"


def json_of_yaml(data: Any, indent: int | None = None) -> str:
    """`data` as JSON that YAML reads as the same, which is not so for all JSON."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(data, ensure_ascii=False, indent=indent))
