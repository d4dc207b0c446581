"""Context length of a local model: what it was trained for, bounded by the memory of this machine."""

from __future__ import annotations

from typing import Final

from promptwire.backends.gguf import Header
from promptwire.errors import ModelUnavailable
from promptwire.free_memory import free_memory

__all__ = ["choose_context"]

_LONGEST: Final = 8192
"""Longest context by default."""
_LEAST: Final = 512
"""Shortest context by default; with less memory the model is refused."""
_STEP: Final = 256
_OVERHEAD: Final = 256_000_000
"""Bytes of a server beside weights and attention cache."""


def choose_context(header: Header, wanted: int | None, *, slots: int = 1, where: str = "") -> int:
    """Context in tokens for a model with this header: `wanted`, else the longest that memory allows up to 8192.

    Raises ModelUnavailable when the model was not trained for it, or when memory is too small.
    """
    trained = header.context or _LONGEST
    if wanted and header.context and wanted > header.context:
        problem = f"a context of {wanted} tokens is more than the model was trained for ({header.context})"
        raise ModelUnavailable(problem, where=where, hint=f"give context={header.context} or less")
    free = free_memory()
    if free is None:
        return wanted or min(trained, _LONGEST)
    least = wanted or min(_LEAST, trained)
    needed = slots * _needed(header, least)
    if needed > free:
        problem = f"too little memory for the model: it needs {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free"
        hint = "free some memory, use fewer slots or a shorter context, or use a smaller model"
        raise ModelUnavailable(problem, where=where, hint=hint)
    room = (free // slots - _needed(header, 0)) // max(header.token_bytes, 1)
    return wanted or max(least, min(trained, _LONGEST, room // _STEP * _STEP))


def _needed(header: Header, context: int) -> int:
    """Bytes of memory of a server with this context."""
    return header.size + _OVERHEAD + context * header.token_bytes
