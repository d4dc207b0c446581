"""Chat messages, and a conversation as readable text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from promptwire.values.model import Model

__all__ = ["Message", "conversation_text"]

_NAMES: Final = {"system": "System", "user": "User", "assistant": "Assistant"}


class Message(Model):
    """One turn of a conversation with a chat model."""

    role: Literal["system", "user", "assistant"]
    """Author of the message."""
    content: str
    """Text of the message."""

    @classmethod
    def of(cls, role: str, content: str) -> Message:
        """The message of a `role` that was read as a text. Raises ValidationError for a text that is none."""
        return cls.model_validate({"role": role, "content": content})


def conversation_text(turns: Sequence[Message]) -> str:
    """A conversation as metrics, critics and people read it; a single message of the user is its text alone.

    >>> conversation_text([Message(role="user", content="Hi."), Message(role="assistant", content="Hello!")])
    'User: Hi.\\n\\nAssistant: Hello!'
    """
    if len(turns) == 1 and turns[0].role == "user":
        return turns[0].content
    return "\n\n".join(f"{_NAMES[turn.role]}: {turn.content}" for turn in turns)
