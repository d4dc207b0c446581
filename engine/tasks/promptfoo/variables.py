"""Values of variables: texts, files, and texts that use other variables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from promptwire.documents.document import YamlValue
from promptwire.errors import Location
from promptwire.tasks.promptfoo.nunjucks import Parts, Ref, Unsupported, names_in, parse, partial, rendered, text_of
from promptwire.tasks.promptfoo.source import Folder, refuse

__all__ = ["file_values", "filled", "resolved_variables", "value_at"]

_MEDIA: Final = (
    ".pdf",
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".webp",
    ".bmp",
    ".svg",
    ".mp3",
    ".wav",
    ".mp4",
    ".mov",
    ".ogg",
    ".flac",
)
_DEEPEST: Final = 5


def file_values(value: YamlValue, folder: Folder) -> list[Any]:
    """The texts of the files that a variable `file://...` names: trimmed, and YAML as JSON."""
    texts: list[Any] = []
    for path in folder.files(str(value.value), value):
        if path.suffix.lower() in _MEDIA:
            refuse(value, f"{path.name!r} is no text", "only text is sent")
        if path.suffix.lower() in (".yaml", ".yml"):
            texts.append(json.dumps(folder.values(path, value).data(), ensure_ascii=False, separators=(",", ":")))
        else:
            texts.append(folder.text(path, value).strip())
    return texts


def resolved_variables(values: Mapping[str, Any], where: Location) -> dict[str, Any]:
    """`values` with texts that use other variables filled in, and without the line feed that ends a text.

    promptfoo takes values for templates too. A text that uses a variable that there is not stays as it is.
    """
    plain = {name: value.removesuffix("\n") if isinstance(value, str) else value for name, value in values.items()}
    if not any(isinstance(value, str) and "{" in value for value in plain.values()):
        return plain
    return {name: _resolved(name, plain, where, 0) for name in plain}


def _resolved(name: str, values: Mapping[str, Any], where: Location, depth: int) -> Any:
    value = values[name]
    if not isinstance(value, str) or not any(tag in value for tag in ("{{", "{%", "{#")) or partial(value):
        return value
    try:
        parts = parse(value)
    except Unsupported as error:
        problem = f"the variable {name!r} holds {error.found}, which promptfoo runs as a template"
        refuse(where, problem, "write {% raw %} before the text and {% endraw %} after it, in both tools")
    used = names_in(parts)
    if any(ref.path[0] not in values for ref in used):
        return value
    if depth > _DEEPEST or any(ref.path == (name,) for ref in used):
        refuse(where, f"the variable {name!r} uses itself", "write the text out")
    return rendered(parts, lambda ref: text_of(_inner(ref, values, where, depth)))


def _inner(ref: Ref, values: Mapping[str, Any], where: Location, depth: int) -> Any:
    if len(ref.path) == 1:
        return _resolved(ref.path[0], values, where, depth + 1)
    return value_at(ref, values)


def value_at(ref: Ref, values: Mapping[str, Any]) -> Any:
    """The value of a place; None when there is none."""
    found: Any = values
    for step in ref.path:
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def filled(parts: Parts, values: Mapping[str, Any]) -> str:
    """The text with the values of a test filled in; nothing where there is none."""
    return rendered(parts, lambda ref: text_of(value_at(ref, values)))
