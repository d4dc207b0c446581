"""Engine keys of a step. No node type can have a port or param with these names."""

from __future__ import annotations

from typing import Final, Literal

from promptwire.node import NodeType

__all__ = ["ENGINE_KEYS", "PIPELINE_KEYS", "STEP_KEYS", "OnError", "keys_of"]

OnError = Literal["fail", "skip", "retry"]
"""After all tries of a call failed: fail ends the run, skip leaves the call out, retry starts its tries again."""

ENGINE_KEYS: Final = ("model", "template", "with", "parse", "settings", "metric", "cache", "on_error", "retries", "max_failed")
"""Engine keys of calls, in the order of the documentation. `use` is not among them: it selects the kind of step."""
STEP_KEYS: Final = ("when", "unless")
"""Engine keys of every step: of calls of node types and pipelines, of loops and of `each`."""

PIPELINE_KEYS: Final = ("limits", "override")
"""Keys of a pipeline that is used as a node; a node type does not take them."""


def keys_of(kind: NodeType) -> tuple[str, ...]:
    """Engine keys that a step of this node type takes, in the order of `ENGINE_KEYS`."""
    if kind.role is None:
        return ("template", "with", "parse") if kind.renders else ()
    writes = kind.slots is not None
    left_out = {key for key, has in (("with", writes), ("parse", writes), ("metric", kind.scores)) if not has}
    return tuple(key for key in ENGINE_KEYS if key not in left_out)
