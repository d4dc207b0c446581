"""Scalars of the YAML 1.2 core schema: null, bool, int, float.

This module is the whole difference from PyYAML's YAML 1.1: `no`, `on`, `12:30` and `2020-01-01` are texts, and `1e-3` and
`0o17` are numbers.
"""

from __future__ import annotations

import math
import re
from typing import Final

from promptwire.documents.document import Scalar

__all__ = ["CORE", "parse"]

_FLOAT: Final = r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
CORE: Final = (
    ("null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    ("int", re.compile(r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$"), list("-+0123456789")),
    ("float", re.compile(_FLOAT), list("-+0123456789.")),
)
"""Kind, pattern of its texts, and possible first characters."""


def parse(text: str, kind: str) -> Scalar:
    """Parse a null, bool, int or float of the core schema. Raises ValueError for other texts and non-finite numbers."""
    if kind == "null":
        return None
    if kind == "bool":
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return text.lower() == "true"
    if kind == "int":
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text, 10)
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
