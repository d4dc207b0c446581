"""Base models of values and settings: frozen, without unknown fields."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

__all__ = ["Model", "Needs", "SparseModel"]

_ID_LENGTH = 12
"""Hexadecimal digits of the id of a prompt or an example."""


class Needs:
    """Marks a variable of a template that has a value only where one of these inputs is wired: `Annotated[T, Needs("log")]`."""

    def __init__(self, *ports: str) -> None:
        self.ports = ports


class Model(BaseModel):
    """Base of all values and settings: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class SparseModel(Model):
    """Base of values with rare fields. An empty one has no place in the JSON form, which is then that of earlier versions."""

    RARE: ClassVar[tuple[str, ...]] = ()
    """Names of these fields."""

    @model_serializer(mode="wrap")
    def _without_empty(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = inner(self)
        for name in self.RARE:
            if name in found and not found[name]:
                del found[name]
        return found
