"""A configuration of promptfoo: the messages as a chat file, the model, and the held-out examples as tests with asserts.

An example is one variable that is an object. promptfoo fills in other variables, loads files and multiplies lists only where
a variable is a text or a list itself, so that no text of an example is taken for any of these.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from promptwire.errors import RunError
from promptwire.exporting.exported import Exported
from promptwire.exporting.form import Form, Reader, Written
from promptwire.exporting.forms.promptfoo_asserts import asserts_of, transform_of
from promptwire.exporting.told import told_of_chat
from promptwire.results.request_pattern import INPUT, Part, Sent, Slot
from promptwire.values import Example, Message

__all__ = ["PromptfooForm"]

_CONFIG, _PROMPT, _TESTS = "promptfooconfig.yaml", "prompt.json", "tests.jsonl"
_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_TAG: Final = re.compile(
    r"""\{\{ (?:"([{#])"|example\.input(?:\.(\w+)|\[("(?:[^"\\]|\\.)*")\])?( \| replace\([^)]*\))*) \}\}"""
)
_STARTS: Final = ' | replace(r/^\\n+/, "")'
_ENDS: Final = ' | replace(r/\\n+$/, "")'
_CLIENT: Final = ("temperature", "max_tokens", "top_p", "stop")
_ADDRESS: Final = re.compile(r" at (https?://\S+)$")


class PromptfooForm(Form):
    """A folder with a configuration, a chat file and tests."""

    name: ClassVar[str] = "promptfoo"
    doc: ClassVar[str] = "a promptfooconfig.yaml with the chat, the model, and the held-out examples as tests"
    folder: ClassVar[bool] = True
    target: ClassVar[str] = "{task}-promptfoo"

    def write(self, exported: Exported) -> Written:
        """Make the files."""
        if exported.pattern.takes_turns:
            where, hint = str(exported.run.folder), "use --to python or --to messages"
            raise RunError("a chat file of promptfoo has no place for a conversation", where=where, hint=hint)
        messages = [
            {"role": part.role, "content": _content(part, exported.tests if exported.pattern.trims else ())}
            for part in exported.pattern.parts
        ]
        asserts, told = (
            asserts_of(exported) if exported.tests else ([], ["the run kept no held-out examples, so there are no tests"])
        )
        files = {_CONFIG: _config(exported, asserts), _PROMPT: json.dumps(messages, ensure_ascii=False, indent=2) + "\n"}
        if exported.tests:
            files[_TESTS] = "".join(json.dumps({"vars": {"example": _values(test)}}) + "\n" for test in exported.tests)
        return Written(files, (*told_of_chat(exported), *told, *_told(exported)))

    def reader(self, files: Mapping[str, str]) -> Reader:
        """Fill the written chat file as nunjucks does with the few kinds of tags that it has."""
        try:
            entries = [(str(one["role"]), str(one["content"])) for one in json.loads(files[_PROMPT])]
        except (ValueError, KeyError, TypeError) as error:
            raise RunError("this is not a list of messages", where=_PROMPT) from error

        def sent(example: Example) -> Sent:
            return tuple(Message.of(role, _rendered(text, example)) for role, text in entries)

        return sent


def _content(part: Part, tests: Sequence[Example]) -> str:
    """A message as nunjucks reads it. A slot at its edge loses the line breaks of the input, if any test has some there."""
    found = []
    for place, piece in enumerate(part.pieces):
        if isinstance(piece, str):
            found.append(_literal(piece))
            continue
        values = [_value(test, piece) for test in tests]
        first = place == 0 and any(value.startswith("\n") for value in values)
        last = place == len(part.pieces) - 1 and any(value.endswith("\n") for value in values)
        found.append(f"{{{{ example.input{_path(piece)}{_STARTS if first else ''}{_ENDS if last else ''} }}}}")
    return "".join(found)


def _literal(text: str) -> str:
    """A text whose braces nunjucks does not read: what may begin a tag, or end a comment, is printed by a tag of its own."""
    return re.sub(r"\{(?=[{%#]|\Z)|#(?=\})", '{{ "\\g<0>" }}', text)


def _path(slot: Slot) -> str:
    if slot.slot == INPUT:
        return ""
    return f".{slot.slot}" if _NAME.fullmatch(slot.slot) else f"[{json.dumps(slot.slot, ensure_ascii=False)}]"


def _value(example: Example, slot: Slot) -> str:
    return example.input[slot.slot] if isinstance(example.input, dict) else example.input


def _values(example: Example) -> dict[str, Any]:
    return {"input": example.input, "outputs": [*example.outputs]}


def _rendered(text: str, example: Example) -> str:
    """What nunjucks makes of a written message."""

    def value(found: re.Match[str]) -> str:
        brace, name, quoted, _ = found.groups()
        if brace:
            return brace
        field = name or (json.loads(quoted) if quoted else "")
        shown = _value(example, Slot(slot=field or INPUT))
        shown = shown.lstrip("\n") if _STARTS in found[0] else shown
        return shown.rstrip("\n") if _ENDS in found[0] else shown

    return _TAG.sub(value, text)


def _config(exported: Exported, asserts: Sequence[Mapping[str, Any]]) -> str:
    """The configuration. Its values are JSON, which YAML reads as it is."""
    score = exported.score
    described = f"{exported.record.task}, the {exported.which} prompt of the promptwire run {exported.run.name}"
    if score.score is not None:
        described += f": {exported.record.metric} {score.score:.4f} on {score.n} held-out examples"
    lines = [
        f"description: {json.dumps(described)}",
        "prompts:",
        f"- file://{_PROMPT}",
        "providers:",
        f"- id: {json.dumps('openai:chat:' + exported.model.removeprefix('openai/'))}",
        f"  config: {json.dumps(_provider(exported))}",
        "defaultTest:",
        f"  options: {json.dumps({'transform': transform_of(exported.record.parse)})}",
        *(["  assert:", *(f"  - {json.dumps(one)}" for one in asserts)] if asserts else []),
    ]
    return "\n".join([*lines, *([f"tests: file://{_TESTS}"] if exported.tests else [])]) + "\n"


def _provider(exported: Exported) -> dict[str, Any]:
    """The settings of the run, and nothing that promptfoo would add by itself."""
    settings = exported.request_settings
    extra = {name: value for name, value in settings.items() if name not in _CLIENT}
    named = {name: value for name, value in settings.items() if name in _CLIENT}
    address = _ADDRESS.search(exported.identity)
    return {
        "omitDefaults": True,
        **named,
        **({"passthrough": extra} if extra else {}),
        **({"apiBaseUrl": address[1]} if address else {}),
    }


def _told(exported: Exported) -> list[str]:
    found = ["promptfoo reads the key from OPENAI_API_KEY"]
    if "/" in exported.model.removeprefix("openai/") or ":" in exported.model:
        found.append(f"the run's model is {exported.model}; change `providers` to the name that promptfoo has for it")
    return found
