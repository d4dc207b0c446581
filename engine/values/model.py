"""Prompts and examples, and the frozen base model of all values.

Sets keep their written order and are unique by content: an order that came from hashing would make two runs with the same seed
differ. Lineage is not identity: two prompts with the same text and demonstrations are one.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Model"]

_ID_LENGTH = 12


class Model(BaseModel):
    """Base of all that travels or is configured: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
