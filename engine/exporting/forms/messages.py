"""Messages of a chat as JSON, with placeholders for the input: what OpenAI-compatible clients take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

from promptwire.errors import RunError
from promptwire.exporting.exported import Exported
from promptwire.exporting.form import Form, Reader, Written
from promptwire.exporting.placeholders import fill, marked_text, placeholder_names
from promptwire.exporting.told import told_of_chat, told_of_names, told_of_settings
from promptwire.results.request_pattern import Sent
from promptwire.templating.conversation import spliced
from promptwire.templating.marks import TURNS
from promptwire.values import Example, Message

__all__ = ["MessagesForm"]


class MessagesForm(Form):
    """A list of messages as JSON."""

    name: ClassVar[str] = "messages"
    doc: ClassVar[str] = "the messages as JSON, with placeholders for the input"
    target: ClassVar[str] = "{task}.messages.json"

    def write(self, exported: Exported) -> Written:
        """Make the list."""
        names = placeholder_names(exported.pattern)
        parts = [(part.role, marked_text(part, names)) for part in exported.pattern.parts]
        messages = [{"role": role, "content": text} for role, text in parts]
        text = json.dumps(messages, ensure_ascii=False, indent=2) + "\n"
        told = [*told_of_chat(exported), told_of_settings(exported)]
        if names:
            told.append(told_of_names(names))
        if exported.pattern.takes_turns:
            told.append(
                f"the entry with the role {TURNS!r} is no message: put the conversation in its place, with its text before the "
                "first message of the user"
            )
        return Written({"messages.json": text}, tuple(told))

    def reader(self, files: Mapping[str, str]) -> Reader:
        """Fill the placeholders of the written list."""
        (text,) = files.values()
        try:
            entries = [(str(one["role"]), str(one["content"])) for one in json.loads(text)]
        except (ValueError, KeyError, TypeError) as error:
            raise RunError("this is not a list of messages", where="messages.json") from error

        def sent(example: Example) -> Sent:
            contents = fill((content for _, content in entries), example)
            filled = [(role, content) for (role, _), content in zip(entries, contents, strict=True)]
            if any(role == TURNS for role, _ in filled):
                return spliced(filled, example.turns or (Message(role="user", content=example.text),))
            return tuple(Message.of(role, content) for role, content in filled)

        return sent
