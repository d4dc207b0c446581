"""Former names in YAML: node types and ports that were renamed.

Pipelines and bundles that use a former name still run. `check` warns and says the new name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["NODE_TYPES", "PORTS", "other_names"]

NODE_TYPES: Final[Mapping[str, str]] = {"remember": "history-append", "recall": "history-select"}
"""The new name of a node type by its former one."""

PORTS: Final[Mapping[tuple[str, str], str]] = {("edit", "along"): "critiques"}
"""The new name of a port by its node type and its former name."""


def other_names(node_type: object) -> dict[str, str]:
    """The other name, former or new, of each renamed port of a node type.

    >>> other_names("edit")
    {'along': 'critiques', 'critiques': 'along'}
    """
    pairs = [(old, new) for (owner, old), new in PORTS.items() if owner == node_type]
    return {**dict(pairs), **{new: old for old, new in pairs}}
