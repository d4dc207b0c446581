"""The prompts of a configuration: texts, files, and chats as JSON or YAML, each as messages with places to fill in."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from promptwire.documents.document import Position, YamlValue, yaml_value_of
from promptwire.documents.document import Source as TextSource
from promptwire.documents.validation_errors import describe
from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import Location, suggest
from promptwire.security.sanitizer import flattened
from promptwire.security.untrusted_json import read_json
from promptwire.tasks.promptfoo.nunjucks import Parts, Unsupported, parse, partial
from promptwire.tasks.promptfoo.source import FILE, Folder, refuse, text_at

__all__ = ["ChatMessage", "PromptSource", "read_parts", "read_prompts"]

_ENDINGS: Final = (".txt", ".md", ".j2", ".json", ".jsonl", ".yaml", ".yml", ".csv")
_SEPARATOR: Final = "---"
_ROLES: Final = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_DUMPED: Final = re.compile(r"(?<=[:\[,])(\s*)\{\{\s*([\w.]+)\s*\|\s*dump\s*(?:\|\s*safe\s*)?\}\}(?=\s*[,}\]])")
"""A whole JSON value that nunjucks writes out of a variable: the text of the variable, once the JSON is read."""
_KEYS: Final = ("id", "raw", "label", "display", "config")


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a prompt."""

    role: str
    """system, user or assistant."""
    parts: Parts
    """Its text, with the places that are filled in."""
    developer: bool = False
    """Whether its role is `developer`, for which promptwire sends `system`."""


@dataclass(frozen=True, slots=True)
class PromptSource:
    """One prompt of a configuration."""

    messages: tuple[ChatMessage, ...]
    """Its messages; a text is one message of the user."""
    chat: bool
    """Whether it was written as a list of messages."""
    where: Location
    """Where it is."""


def read_prompts(root: YamlValue, folder: Folder) -> tuple[PromptSource, ...]:
    """The prompts under `prompts`. Raises PipelineError for one that has no counterpart."""
    given = root.get("prompts")
    if given is None or given.value in (None, [], {}, ""):
        refuse(given or root, "there are no prompts", "write them under `prompts:`")
    if isinstance(given.value, dict):  # {text or file: label}
        keys = [YamlValue(key, one.key or one.position) for key, one in given.value.items()]
        return tuple(found for key in keys for found in _prompt(key, folder))
    items = given.value if isinstance(given.value, list) else [given]
    return tuple(found for item in items for found in _prompt(item, folder))


def _prompt(item: YamlValue, folder: Folder) -> Iterator[PromptSource]:
    item = folder.resolved(item)
    if isinstance(item.value, dict) and "role" not in item.value:
        for key, one in item.value.items():
            if key not in _KEYS:
                refuse(one.key_location, f"a prompt has no key {key!r}", suggest(key, _KEYS, noun="keys"))
        raw = item.get("raw") or item.get("id")
        if raw is None:
            refuse(item, "the prompt has no text", "write it under `raw:`")
        item = raw
    if isinstance(item.value, list):
        yield _chat(item, item.location)
        return
    text = text_at(item, "a prompt")
    if not _names_file(text, folder):
        yield _of_text(text, item.location, item)
        return
    for path in folder.files(text, item):
        yield from _of_file(path, item, folder)


def _names_file(text: str, folder: Folder) -> bool:
    if text.startswith(FILE):
        return True
    return "\n" not in text and text.strip().lower().endswith(_ENDINGS) and "{{" not in text and (folder.path / text).is_file()


def _of_file(path: Path, item: YamlValue, folder: Folder) -> Iterator[PromptSource]:
    suffix = path.suffix.lower()
    if suffix not in _ENDINGS:
        refuse(item, f"{path.name!r} is of no kind of prompt file", f"known: {', '.join(_ENDINGS)}")
    name = str(path)
    if suffix in (".yaml", ".yml"):
        value = folder.values(path, item)
        yield _chat(value, value.location) if isinstance(value.value, list) else _scalar(value)
        return
    text = folder.text(path, item)
    if suffix == ".txt":
        yield from _separated(text, name)
    elif suffix == ".jsonl":
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield _of_text(line, Location(name, number, 1, flattened(line)), None)
    elif suffix == ".csv":
        yield from _of_table(text, name)
    else:
        yield _of_text(text, Location(name, 1, 1, flattened(text.partition("\n")[0])), None)


def _scalar(value: YamlValue) -> PromptSource:
    if not isinstance(value.value, str):
        refuse(value, f"a prompt file holds a list of messages, not {describe(value.data())}", "- {role: user, content: ...}")
    # promptfoo sends the text of a YAML file as JSON, in quotes.
    refuse(value, "the YAML file holds a text, which promptfoo sends in quotes", "put the text into a .txt file")


def _separated(text: str, name: str) -> Iterator[PromptSource]:
    lines = [*re.split(r"\r?\n", text), _SEPARATOR]
    start = 0
    for number, line in enumerate(lines):
        if line.strip() == _SEPARATOR:
            raw = "\n".join(lines[start:number])
            if raw.strip():
                first = next(at for at in range(start, number) if lines[at].strip())
                yield _of_text(raw.strip(), Location(name, first + 1, 1, flattened(lines[first])), None)
            start = number + 1


def _of_table(text: str, name: str) -> Iterator[PromptSource]:
    rows = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    header = [cell.strip() for cell in next(rows, [])]
    if "prompt" not in header:
        refuse(Location(name, 1, 1), "the table has no column 'prompt'", "write `prompt` into its first line")
    at, line = header.index("prompt"), rows.line_num
    for row in rows:
        if len(row) > at and row[at].strip():
            yield _of_text(row[at].strip(), Location(name, line + 1, 1), None)
        line = rows.line_num


def _of_text(text: str, where: Location, item: YamlValue | None) -> PromptSource:
    """The prompt in `text`: a chat when it is JSON or begins as YAML messages, else one message."""
    if text.lstrip().startswith("- role:"):
        return _chat(read_yaml_text("\n" * (where.line - 1) + text if item is None else text, where.file).root, where)
    try:
        value = read_json(_DUMPED.sub(r'\1"{{\2}}"', text))
    except ValueError as error:
        if re.match(r"\s*\[\s*\{", text) and re.search(r'"role"\s*:', text):
            hint = 'variables stand inside of JSON texts: "content": "{{name}}"'
            refuse(where, f"the prompt looks like messages, but is not JSON: {error}", hint)
        if partial(text):
            hint = "close it as {{name}}, or write {% raw %} and {% endraw %} around braces that belong to the text"
            refuse(where, "a tag of the prompt is not closed in its line, so promptfoo fills in nothing", hint)
        return PromptSource((ChatMessage("user", read_parts(text, where)),), False, where)
    if not isinstance(value, list):
        refuse(
            where,
            f"the prompt is JSON, but {describe(value)} instead of messages",
            'write [{"role": "user", "content": "..."}]',
        )
    position = Position(TextSource(where.file), where.line, where.column)
    return _chat(yaml_value_of(value, position), where)


def _chat(value: YamlValue, where: Location) -> PromptSource:
    items = value.value
    if not isinstance(items, list) or not items:
        refuse(where, "the prompt holds no messages", "- {role: user, content: ...}")
    return PromptSource(tuple(_message(one, where) for one in items), True, where)


def _message(one: YamlValue, where: Location) -> ChatMessage:
    place = one.location if one.location.line else where
    role, content = one.get("role"), one.get("content")
    if not isinstance(one.value, dict) or role is None or content is None:
        refuse(place, "a message has a role and a content", '{"role": "user", "content": "..."}')
    if not isinstance(role.value, str) or role.value not in _ROLES:
        refuse(role.location, f"the role {str(role.data())[:40]!r} is unknown", "roles: system, developer, user, assistant")
    if more := next((key for key in one.value if key not in ("role", "content")), None):
        refuse(place, f"a message with {more!r} can't be sent as text", "leave the key out")
    parts = read_parts(_content(content.data(), content), content.location)
    return ChatMessage(_ROLES[role.value], parts, role.value == "developer")


def _content(content: Any, where: YamlValue) -> str:
    if (
        isinstance(content, list)
        and len(content) == 1
        and isinstance(content[0], dict)
        and content[0].get("type") in ("text", "input_text")
    ):
        content = content[0].get("text")
    if not isinstance(content, str):
        refuse(where, f"the content of a message is {describe(content)}, not text", "only text is sent")
    return content


def read_parts(text: str, where: Location) -> Parts:
    """The parts of a text. Raises PipelineError, with `where` it is, for a tag without a counterpart."""
    try:
        return parse(text)
    except Unsupported as error:
        refuse(_tag_place(text, error.place, where), f"{flattened(error.found)} has no counterpart in promptwire", error.hint)


def _tag_place(text: str, place: int, where: Location) -> Location:
    """Where the tag at `place` of a text is: its line, where the text keeps the lines of its file."""
    block = re.search(r"[|][+-]?\s*$", where.text)
    if "\n" not in text or not (block or flattened(text.split("\n")[0]).startswith(where.text)):
        return where
    line = text.count("\n", 0, place)
    shown = text.split("\n")[line]
    column = place - (text.rfind("\n", 0, place) + 1) + 1
    return Location(where.file, where.line + line + bool(block), 1 if block else column, flattened(shown))
