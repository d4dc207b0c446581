"""Base model of all values and settings: frozen, without unknown fields."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Model"]

_ID_LENGTH = 12
"""Hexadecimal digits of the id of a prompt or an example."""


class Model(BaseModel):
    """Base of all values and settings: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
