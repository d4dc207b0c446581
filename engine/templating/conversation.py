"""Messages of a request that continues a conversation: those of the template, and the conversation in their midst."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promptwire.templating.marks import TURNS
from promptwire.values import Message

__all__ = ["spliced"]


def spliced(texts: Sequence[tuple[str, str]], turns: Sequence[Message]) -> tuple[Message, ...]:
    """The messages of the rendered `texts`, with `turns` in the place of their part.

    A text of that part goes before the first message of the user. System messages that follow each other become one, and an
    empty one is left out: providers differ in what they make of these.
    """
    found: list[Message] = []
    for mark, text in texts:
        for message in _opened(text, turns) if mark == TURNS else [Message(role=mark or "user", content=text)]:  # type: ignore[arg-type]
            if message.role != "system":
                found.append(message)
            elif found and found[-1].role == "system":
                found[-1] = Message(role="system", content=f"{found[-1].content}\n\n{message.content}".strip("\n"))
            else:
                found.append(message)
    return tuple(message for message in found if message.role != "system" or message.content)


def _opened(text: str, turns: Sequence[Message]) -> Iterator[Message]:
    """The conversation, with `text` before what the user says first."""
    for turn in turns:
        if turn.role == "user" and text:
            yield Message(role="user", content=f"{text}\n\n{turn.content}")
            text = ""
        else:
            yield turn
