"""Chat messages."""

from __future__ import annotations

from typing import Literal

from promptwire.values.model import Model

__all__ = ["Message"]


class Message(Model):
    """One turn of a conversation with a chat model."""

    role: Literal["system", "user", "assistant"]
    """Author of the message."""
    content: str
    """Text of the message."""
