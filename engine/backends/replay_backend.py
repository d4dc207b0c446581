"""A model that is known by its answers alone: it stands for one that was asked elsewhere, and can't be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from promptwire.backend import Backend, Completion, Kind, Quote, Request
from promptwire.errors import ModelUnavailable
from promptwire.values import Model

__all__ = ["BackendSnapshot", "ReplayBackend"]


class BackendSnapshot(Model):
    """What a run's path depends on, of a model that is not there."""

    name: str
    """What the user called it."""
    identity: str
    """Its part of the cache keys."""
    reasons: dict[str, str]
    """Why it can't answer requests of a kind, by kind and mode; those it can answer are left out."""

    @classmethod
    def of(cls, backend: Backend) -> BackendSnapshot:
        """The portrait of `backend`."""
        said = {_label(kind, chat): backend.supports(kind, chat=chat) for kind in get_args(Kind) for chat in (True, False)}
        reasons = {label: reason for label, reason in said.items() if reason}
        return cls(name=backend.name, identity=backend.identity, reasons=reasons)


class ReplayBackend:
    """Stands in for the model of a portrait."""

    parallel = 1
    batches = True

    def __init__(self, portrait: BackendSnapshot) -> None:
        self.name = portrait.name
        self.identity = portrait.identity
        self._reasons = portrait.reasons

    def quote(self) -> Quote:
        """Unknown: a snapshot holds no price."""
        return Quote(None, None, "recorded completions only")

    def supports(self, kind: Kind, *, chat: bool) -> str:
        """What the model said."""
        return self._reasons.get(_label(kind, chat), "")

    async def open(self) -> None:
        """Nothing to open."""

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Raises ModelUnavailable."""
        raise ModelUnavailable(f"{self.name} is not here: only its recorded answers are")

    async def close(self) -> None:
        """Nothing to close."""


def _label(kind: str, chat: bool) -> str:
    return f"{kind} {'chat' if chat else 'completion'}"
