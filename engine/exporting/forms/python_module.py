"""A Python module of its own: makes the messages, calls the openai client and reads the reply. It needs no promptwire."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from promptwire.errors import RunError
from promptwire.exporting.exported import Exported
from promptwire.exporting.form import Form, Reader, Written
from promptwire.exporting.forms.python_source import ANSWER, CHAT, COMPLETION, FILL, TURNS_CHAT, reading_source
from promptwire.exporting.placeholders import values_of
from promptwire.exporting.told import measured, told_of_likelihoods
from promptwire.results.request_pattern import INPUT, Sent, Slot
from promptwire.templating.conversation import spliced
from promptwire.templating.marks import TURNS
from promptwire.values import Example, Message

__all__ = ["PythonForm"]

_MODULE: Final = "prompt.py"
_NAMED: Final = frozenset({"temperature", "top_p", "max_tokens", "stop"})
"""Settings that the client takes by name; others travel in `extra_body`."""


class PythonForm(Form):
    """A module with the functions `messages`, `answer` and `read`."""

    name: ClassVar[str] = "python"
    doc: ClassVar[str] = "a Python module that needs the openai client alone"
    target: ClassVar[str] = "{module}_prompt.py"

    def write(self, exported: Exported) -> Written:
        """Make the module."""
        pattern, record = exported.pattern, exported.record
        fields = _fields(exported)
        argument = "conversation" if pattern.takes_turns else "values" if fields else "text"
        values = "values" if fields else f"{{{INPUT!r}: text}}"
        call, said = "chat.completions.create(messages=messages({argument}), **wanted)", "message.content"
        if pattern.mode == "completion":
            call, said = "completions.create(prompt=prompt({argument}), **wanted)", "text"
            data, functions = f"PROMPT = {_literal(_pieces(pattern.parts[0].pieces))}", COMPLETION
        else:
            parts = [(part.role, _pieces(part.pieces)) for part in pattern.parts]
            ends = "\n" if pattern.trims else ""
            data = f"ENDS = {ends!r}  # left out at the ends of a message\nMESSAGES = {_literal(parts)}"
            functions = TURNS_CHAT if pattern.takes_turns else CHAT
        text = "\n".join([
            _heading(exported, argument, fields),
            "",
            *(["import json"] if record.parse.json_field else []),
            "import re",
            "",
            "from openai import OpenAI",
            "",
            f"MODEL = {_model(exported)!r}",
            f"SETTINGS = {_literal(_settings(exported))}",
            data,
            "",
            FILL,
            functions.format(argument=argument, values=values),
            ANSWER.format(argument=argument, call=call.format(argument=argument), text=said),
            reading_source(record.parse),
        ])  # fmt: skip
        return Written({_MODULE: text}, tuple(_told(exported)))

    def reader(self, files: Mapping[str, str]) -> Reader:
        """Fill the data of the written module, which is read and not run."""
        (text,) = files.values()
        data = _constants(text)
        if "PROMPT" in data:
            return lambda example: _joined(data["PROMPT"], example)
        parts, ends = data["MESSAGES"], data["ENDS"]

        def sent(example: Example) -> Sent:
            texts = [(role, _joined(pieces, example).strip(ends)) for role, pieces in parts]
            if any(role == TURNS for role, _ in texts):
                return spliced(texts, example.turns or (Message(role="user", content=example.text),))
            return tuple(Message(role=role, content=content) for role, content in texts)

        return sent


def _heading(exported: Exported, argument: str, fields: Sequence[str]) -> str:
    """The docstring of the module and how to use it."""
    example = {"text": '"..."', "conversation": '[{"role": "user", "content": "..."}]'}
    given = example.get(argument) or "{" + ", ".join(f"{name!r}: ..." for name in fields) + "}"
    lines = [
        f"Prompt of the task {exported.record.task!a}, exported by promptwire from the run {exported.run.name!a}.",
        "",
        *([measured(exported)] if exported.score.score is not None else []),
        "The client reads OPENAI_API_KEY, and OPENAI_BASE_URL for another server than OpenAI's.",
        "",
        f"    answer({given})",
    ]
    text = "\n".join(lines).replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""{text}\n"""'


def _fields(exported: Exported) -> tuple[str, ...]:
    """Names of the fields of the inputs; none when an input is a text or a conversation."""
    first = exported.tests[0].input if exported.tests else ""
    known = tuple(first) if isinstance(first, dict) else ()
    return known or tuple(slot for slot in exported.pattern.slots if exported.pattern.slots != (INPUT,))


def _model(exported: Exported) -> str:
    return exported.model.removeprefix("openai/")


def _settings(exported: Exported) -> dict[str, Any]:
    """Settings as arguments of the client."""
    settings = exported.request_settings
    named = {name: value for name, value in settings.items() if name in _NAMED}
    extra = {name: value for name, value in settings.items() if name not in _NAMED}
    return {**named, **({"extra_body": extra} if extra else {})}


def _pieces(pieces: Sequence[str | Slot]) -> list[Any]:
    return [piece if isinstance(piece, str) else {"slot": piece.slot} for piece in pieces]


def _literal(value: Any) -> str:
    """A value as Python source, a list with an entry a line."""
    if isinstance(value, list) and value and not isinstance(value[0], str | dict):
        return "[\n" + "".join(f"    {one!r},\n" for one in value) + "]"
    return repr(value)


def _constants(text: str) -> dict[str, Any]:
    """Values that the module gives names to. Raises RunError for text that is no such module."""
    try:
        found = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in ast.parse(text).body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
    except (ValueError, SyntaxError, RecursionError) as error:
        raise RunError(f"this is no exported module: {error}", where=_MODULE) from error
    if not ({"MESSAGES", "ENDS"} <= {*found} or "PROMPT" in found):
        raise RunError("this is no exported module: it has no MESSAGES", where=_MODULE)
    return found


def _joined(pieces: Sequence[Any], example: Example) -> str:
    values = values_of(example)
    return "".join(piece if isinstance(piece, str) else values[piece["slot"]] for piece in pieces)


def _told(exported: Exported) -> list[str]:
    found = [*told_of_likelihoods(exported)]
    if "/" in _model(exported) or ":" in _model(exported):
        found.append(
            f"the run's model is {exported.model}; change MODEL to the name that your OpenAI-compatible server has for it"
        )
    found.append("slips in the marks of an answer are not repaired, and the metric does not read the answer again")
    return found
