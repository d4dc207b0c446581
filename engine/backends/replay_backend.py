"""Replay backend: stands for the model of a recorded run, and answers from the cache only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from promptwire.backend import Backend, Completion, Kind, Quote, Request
from promptwire.errors import ModelUnavailable
from promptwire.values import Model

__all__ = ["BackendSnapshot", "ReplayBackend"]


class BackendSnapshot(Model):
    """Properties of a backend that decide the course of a run, without the backend."""

    name: str
    """Name that the user gave."""
    identity: str
    """Identity in the cache keys."""
    reasons: dict[str, str]
    """Reasons why it does not support a kind of request, by kind and mode; supported kinds are left out."""

    @classmethod
    def of(cls, backend: Backend) -> BackendSnapshot:
        """Take the snapshot of `backend`."""
        reasons = {_label(kind, chat): backend.supports(kind, chat=chat) for kind in get_args(Kind) for chat in (True, False)}
        reasons = {label: reason for label, reason in reasons.items() if reason}
        return cls(name=backend.name, identity=backend.identity, reasons=reasons)


class ReplayBackend:
    """Backend of a snapshot. Its completions must all be in the cache."""

    parallel = 1
    batches = True

    def __init__(self, snapshot: BackendSnapshot) -> None:
        self.name = snapshot.name
        self.identity = snapshot.identity
        self._reasons = snapshot.reasons

    def quote(self) -> Quote:
        """Unknown: a snapshot holds no price."""
        return Quote(None, None, "recorded completions only")

    def supports(self, kind: Kind, *, chat: bool) -> str:
        """Reason in the snapshot, or empty; see `Backend.supports`."""
        return self._reasons.get(_label(kind, chat), "")

    async def open(self) -> None:
        """Do nothing."""

    async def call(self, request: Request, *, keys: Sequence[str]) -> list[Completion]:
        """Raise ModelUnavailable: the response is not in the cache."""
        raise ModelUnavailable(f"{self.name} is not available in a replay: only its recorded completions are")

    async def close(self) -> None:
        """Do nothing."""


def _label(kind: str, chat: bool) -> str:
    return f"{kind} {'chat' if chat else 'completion'}"
