"""The request as plain text, with placeholders for the input."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from promptwire.exporting.exported import Exported
from promptwire.exporting.form import Form, Reader, Written
from promptwire.exporting.placeholders import fill, marked_text, placeholder_names
from promptwire.exporting.told import told_of_names, told_of_settings
from promptwire.results.request_pattern import Sent
from promptwire.templating.conversation import spliced
from promptwire.templating.marks import TURNS
from promptwire.values import Example, Message

__all__ = ["TextForm"]

_MARK: Final = re.compile(r"^(-{3,}) (system|user|assistant|turns) \1$", re.MULTILINE)
_PROMPT, _COMPLETION = "prompt.txt", "completion.txt"


class TextForm(Form):
    """The text of the request. A request of several messages has a line such as `--- system ---` before each."""

    name: ClassVar[str] = "text"
    doc: ClassVar[str] = "the request as plain text, with placeholders for the input"
    target: ClassVar[str] = "{task}.prompt.txt"

    def write(self, exported: Exported) -> Written:
        """Make the text."""
        names = placeholder_names(exported.pattern)
        parts = [(part.role, marked_text(part, names)) for part in exported.pattern.parts]
        told = [told_of_settings(exported)]
        if names:
            told.append(told_of_names(names))
        if exported.pattern.mode == "completion":
            return Written({_COMPLETION: parts[0][1] + "\n"}, (*told, "it is a text to complete, and no message of a chat"))
        if len(parts) == 1 and parts[0][0] == "user" and not _MARK.search(parts[0][1]):
            return Written({_PROMPT: parts[0][1] + "\n"}, tuple(told))
        dashes = _dashes([text for _, text in parts])
        text = "".join(f"{dashes} {role} {dashes}\n{content}\n" for role, content in parts)
        told.append(f"a line such as {dashes} system {dashes} starts a message and is not part of it")
        return Written({_PROMPT: text}, tuple(told))

    def reader(self, files: Mapping[str, str]) -> Reader:
        """Fill the placeholders of the written text. A text without marks is one message of the user."""
        ((name, text),) = files.items()
        if name == _COMPLETION:
            return lambda example: fill([text.removesuffix("\n")], example)[0]
        roles, contents = _cut(text)

        def sent(example: Example) -> Sent:
            texts = fill(contents, example)
            if TURNS in roles:
                turns = example.turns or (Message(role="user", content=example.text),)
                return spliced(list(zip(roles, texts, strict=True)), turns)
            return tuple(Message.of(role, one) for role, one in zip(roles, texts, strict=True))

        return sent


def _dashes(texts: Sequence[str]) -> str:
    """Dashes of a mark, more than any line of the texts has that looks like one."""
    longest = max((len(found[1]) for text in texts for found in _MARK.finditer(text)), default=2)
    return "-" * (longest + 1)


def _cut(text: str) -> tuple[list[str], list[str]]:
    """Roles and contents of the messages in a written text."""
    marks = list(_MARK.finditer(text))
    longest = max((len(found[1]) for found in marks), default=0)
    starts = [found for found in marks if len(found[1]) == longest]
    if not starts:
        return ["user"], [text.removesuffix("\n")]
    ends = [*(found.start() for found in starts[1:]), len(text)]
    contents = [text[found.end() + 1 : end].removesuffix("\n") for found, end in zip(starts, ends, strict=True)]
    return [found[2] for found in starts], contents
