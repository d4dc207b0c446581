"""Rows that hold a conversation: chat files for fine-tuning, and samples of Evals.

A row `{"messages": [...]}` ends with the right answer of the assistant, unless it has an output of its own. A row
`{"input": [...], "ideal": ...}` holds one accepted output, or several. Content parts of text are joined. What a chat model
can't be sent as text, such as an image or the call of a tool, is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from promptwire.documents.validation_errors import describe
from promptwire.errors import DataError
from promptwire.values import Example, Examples, Message
from promptwire.values.message import conversation_text

__all__ = ["IDEAL", "Row", "plain_row", "without_shared_system"]

MESSAGES: Final = "messages"
"""The key of a conversation in chat files."""
IDEAL: Final = "ideal"
"""The key of the accepted outputs in samples of Evals."""
_ROLES: Final[Mapping[str, Any]] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_CALLS: Final = ("tool_calls", "function_call", "audio")
_AS_TEXT: Final = "leave such rows out, or write the result of the tool into a message of the user"


class Row(NamedTuple):
    """A row with a text as its input, and the messages that the text shows."""

    cells: dict[str, Any]
    """Its cells; those of a conversation have the columns `input` and `output`."""
    turns: tuple[Message, ...] = ()
    """The messages; empty for a row without a conversation."""


def plain_row(row: dict[str, Any], source: str, output: str, *, answered: bool) -> Row:
    """The row with the text of its conversation as input, where it has one in the column `source` or under `messages`.

    Without a column `output`, the accepted outputs are those under `ideal`, or the last message, when it is the assistant's.
    With `answered` a row needs one of these. Raises DataError for a message that is no text, and where no user message is
    left to be answered.
    """
    column = source if source in row else MESSAGES if source == "input" else ""
    if column not in row or not (column == MESSAGES or _is_conversation(row[column])):
        return Row(row)
    given = row[column]
    if not isinstance(given, list) or not given:
        hint = 'write a list of objects such as {"role": "user", "content": "..."}'
        raise DataError(f"the column {column!r} holds {describe(given)}, no messages", hint=hint)
    turns = [_message(one, f"message {number}") for number, one in enumerate(given, 1)]
    rest = {name: value for name, value in row.items() if name != column}
    named = output if output in rest else IDEAL if output == "output" and IDEAL in rest else None
    if named is not None:
        rest["output"] = rest.pop(named)
    elif turns[-1].role == "assistant":
        rest["output"] = turns.pop().content
    elif answered:
        hint = "end it with the right answer, or give the row an output of its own; the metrics judge and none need none"
        raise DataError("the conversation has no answer: its last message is not the assistant's", hint=hint)
    if not turns or turns[-1].role != "user":
        ends = f"ends with a message of the {turns[-1].role}" if turns else "has one message, its answer"
        raise DataError(f"the conversation {ends}", hint="what the model answers is a message of the user")
    return Row({**rest, "input": conversation_text(turns)}, tuple(turns))


def _is_conversation(value: Any) -> bool:
    """Whether `value` is a list of messages: objects with a role."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) and "role" in one for one in value)


def without_shared_system(sets: Sequence[Examples]) -> tuple[str, tuple[Examples, ...]]:
    """The system message that all conversations of `sets` begin with, and the sets without it; empty when they differ."""
    firsts = {example.turns[0] if example.turns else None for examples in sets for example in examples.items}
    shared = firsts.pop() if len(firsts) == 1 else None
    if shared is None or shared.role != "system":
        return "", tuple(sets)
    return shared.content, tuple(
        Examples.of(Example.of_turns(one.turns[1:], one.outputs, one.meta) for one in examples.items) for examples in sets
    )


def _message(given: Any, where: str) -> Message:
    if not isinstance(given, dict):
        raise DataError(f"a message is an object with role and content, not {describe(given)}", where=where)
    role = given.get("role", "")
    calls = next((name for name in _CALLS if given.get(name)), None)
    if role in ("tool", "function") or calls is not None:
        what = f"a message with {calls}" if calls else f"a message of the role {role!r}"
        raise DataError(f"{what} can't be sent as text", where=where, hint=_AS_TEXT)
    if not isinstance(role, str) or role not in _ROLES:
        raise DataError(f"the role {role!r} is unknown", where=where, hint="roles: system, developer, user, assistant")
    return Message(role=_ROLES[role], content=_content(given.get("content"), where))


def _content(content: Any, where: str) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise DataError(f"the content is {describe(content)}, not text", where=where, hint='write "content": "..."')
    parts = []
    for part in content:
        text = part.get("text") if isinstance(part, dict) else part
        kind = part.get("type", "text") if isinstance(part, dict) else "text"
        if not isinstance(text, str) or kind not in ("text", "input_text", "output_text"):
            raise DataError(f"a part of the content is of the type {kind!r}, not text", where=where, hint="only text is sent")
        parts.append(text)
    return "\n".join(parts)
