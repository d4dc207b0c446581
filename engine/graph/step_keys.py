"""Keys of a step that the engine reads: no node type can have a port or param of these names."""

from __future__ import annotations

from typing import Final, Literal

from promptwire.node import NodeType

__all__ = ["ENGINE_KEYS", "OnError", "keys_of"]

OnError = Literal["fail", "skip", "retry"]
"""What a call does whose tries have all failed: end the run, be left out, or be tried again all over."""

ENGINE_KEYS: Final = ("model", "template", "with", "settings", "metric", "cache", "on_error", "retries", "max_failed")
"""Keys of the engine, in the order in which documents list them. `use` is no key of a step but says which kind it is."""


def keys_of(kind: NodeType) -> tuple[str, ...]:
    """The engine's keys that a step of this node type takes, in the order of `ENGINE_KEYS`."""
    if kind.role is None:
        return ()
    left_out = {key for key, has in (("with", kind.slots is not None), ("metric", kind.scores)) if not has}
    return tuple(key for key in ENGINE_KEYS if key not in left_out)
