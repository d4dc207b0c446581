"""Request pattern: the request to the task model for one prompt, with slots in the places of the input.

Other tools fill in named values and know neither the task's template nor its demonstrations. A pattern is what the template
makes of a prompt once, with everything in it but the input. Filled, it gives the request that a run sent, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import Field

from promptwire.templating.conversation import spliced
from promptwire.templating.marks import TURNS
from promptwire.values import Example, Message, Model

__all__ = ["INPUT", "Part", "RequestPattern", "Sent", "Slot"]

INPUT: Final = "input"
"""Name of the slot of an input that is a text."""

Sent = tuple[Message, ...] | str
"""What is sent for one example: messages, or a text to complete."""


class Slot(Model):
    """Place of the input, or of one field of it."""

    slot: str
    """Name of the field; `input` for an input that is a text."""


class Part(Model):
    """One message, or the text to complete."""

    role: Literal["system", "user", "assistant", "turns"] = "user"
    """Author of the message; `turns` for the messages of a conversation, which the text goes before."""
    pieces: tuple[str | Slot, ...]
    """Texts and slots, in order."""

    @property
    def text(self) -> str | None:
        """The text; None for a part with slots."""
        known = [piece for piece in self.pieces if isinstance(piece, str)]
        return "".join(known) if len(known) == len(self.pieces) else None


class RequestPattern(Model):
    """Request for one prompt, with slots in the places of the input."""

    mode: Literal["chat", "completion"] = "chat"
    """Whether messages are sent, or a text to complete."""
    parts: tuple[Part, ...] = Field(min_length=1)
    """Its messages in order; of a text to complete one part."""

    trims: bool = True
    """Whether line breaks at the ends of a filled message are left out."""

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of its slots, each once."""
        return tuple(dict.fromkeys(one.slot for part in self.parts for one in part.pieces if isinstance(one, Slot)))

    @property
    def takes_turns(self) -> bool:
        """Whether the messages of a conversation are part of it."""
        return any(part.role == TURNS for part in self.parts)

    def sent(self, example: Example) -> Sent:
        """The messages, or the text to complete, for `example`. Raises KeyError for an example without a field of it."""
        texts = [(part.role, self._ended(_filled(part.pieces, example))) for part in self.parts]
        if self.mode == "completion":
            return texts[0][1]
        if self.takes_turns:
            return spliced(texts, example.turns or (Message(role="user", content=example.text),))
        return tuple(Message.of(role, text) for role, text in texts)

    def _ended(self, text: str) -> str:
        """A filled part as a template gives it. What ends the part itself is not in its pieces."""
        return text.strip("\n") if self.trims else text


def _filled(pieces: Sequence[str | Slot], example: Example) -> str:
    values = example.input if isinstance(example.input, dict) else {INPUT: example.input}
    return "".join(piece if isinstance(piece, str) else values[piece.slot] for piece in pieces)
