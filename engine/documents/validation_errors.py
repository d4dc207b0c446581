"""Turns pydantic's validation errors into problems with file locations and hints.

Pydantic uses its own terms ("extra_forbidden", "union_tag_not_found"). A user gets the line, the problem and a remedy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from promptwire.documents.document import Document, KeyPath
from promptwire.errors import PipelineError, Problem, closest, suggest
from promptwire.values import Model

__all__ = ["describe", "message_for", "to_problem", "validate"]

M = TypeVar("M", bound=Model)

FORMS: Final = ("use", "repeat", "each")
_TAGS: Final = ("[key]", *(f"<{form}>" for form in FORMS))
"""Parts of pydantic's paths that are not in the file: a key marker, and the tag of a node's form."""
_UNION_MEMBER: Final = re.compile(r"(?:str|int|float|bool|none|[A-Z]\w*)$|(?:tuple|list|dict|literal)\[")
"""Parts of pydantic's paths that name one member of a union type."""
_KINDS: Final = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "a text",
    "dict": "a mapping of keys to values",
    "list": "a list",
    "tuple": "a list",
    "model": "a mapping of keys to values",
}
_BOUNDS: Final = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
    "greater_than": ("gt", "above"),
    "less_than": ("lt", "below"),
}


def validate(model: type[M], data: Any, document: Document) -> M:
    """Validate `data` from `document` as a `model`. Raises PipelineError with all problems and their locations."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = _of_one_member(error.errors(include_url=False), document)
        found = [to_problem(detail, model, document)[1] for detail in details]
        raise PipelineError(dict.fromkeys(found)) from error


def _of_one_member(details: Sequence[ErrorDetails], document: Document) -> Iterable[ErrorDetails]:
    """The errors of the member of each union that the value has the shape of: pydantic tells those of all members."""
    paths = [_document_path(detail["loc"], document)[0] for detail in details]
    told: dict[KeyPath | int, ErrorDetails] = {}
    for number, (path, detail) in enumerate(zip(paths, details, strict=True)):
        if not _names_member(detail["loc"][-1:]):
            told[number] = detail
        elif not any(len(other) > len(path) and other[: len(path)] == path for other in paths):
            told.setdefault(path, detail)
            if detail["type"] == "literal_error" and isinstance(detail["input"], str):
                told[path] = detail
    return told.values()


def _names_member(loc: tuple[int | str, ...]) -> bool:
    """Whether a part of pydantic's path names a member of a union type."""
    return any(isinstance(step, str) and _UNION_MEMBER.match(step) for step in loc)


def describe(value: Any) -> str:
    """Describe `value` for a message.

    >>> describe("ten"), describe(None), describe([1])
    ("the text 'ten'", 'nothing', 'a list')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else str(value)


def to_problem(detail: ErrorDetails, model: type[Model], document: Document) -> tuple[KeyPath, Problem]:
    """Convert one pydantic error to a path in the document and a problem."""
    loc, kind, value = detail["loc"], detail["type"], detail["input"]
    path, tried = _document_path(loc, document)
    name = str(path[-1]) if path else ""
    if tried and kind.endswith("_type") and not tried[0].isupper():
        wanted = "must be a text or a list of texts, not" if tried == "str" or tried.startswith("tuple[str") else "can't be"
        return path, Problem("shape", document.location(path), f"{name!r} {wanted} {describe(value)}", _quote_hint(value))
    if loc[-1:] == ("[key]",):
        return path, _bad_key(path, name, detail, document)
    if kind == "extra_forbidden":
        owner = _model_at(model, loc[:-1])
        known = [field.alias or field_name for field_name, field in owner.model_fields.items()]
        message = f"unknown key {name!r} in {_model_noun(owner)}"
        return path, Problem("unknown-key", document.location(path, key=True), message, suggest(name, known, noun="keys"))
    if kind == "missing":
        hint = "the first line of every pipeline is 'promptwire: 1'" if name == "promptwire" else ""
        message = f"{_model_noun(_model_at(model, loc[:-1]))} needs the key {name!r}"
        return path[:-1], Problem("missing-key", document.location(path[:-1], key=True), message, hint)
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return path, _bad_form(value, path, document)
    message, hint = message_for(detail, name)
    if path and isinstance(path[-1], int):
        around = next(str(step) for step in path[::-1] if isinstance(step, str))
        message = message.replace(repr(name), f"element {path[-1] + 1} of {around!r}", 1)
    role = name == "model" and kind == "literal_error"
    return path, Problem("unknown-role" if role else "shape", document.location(path), message, hint)


def message_for(detail: ErrorDetails, name: str) -> tuple[str, str]:
    """Message and hint for an invalid value of `name`."""
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    if name == "promptwire":
        return f"this reads promptwire grammar 1, not {describe(value)}", "write 'promptwire: 1'"
    if kind == "literal_error":
        known = _literal_words(detail)
        hint = suggest(value, known, noun="one of") if isinstance(value, str) else f"one of: {', '.join(known)}"
        if name == "model":
            return f"{describe(value)} is not a model role", hint
        if "Prompts" in known:
            return f"{describe(value)} is not a port type", hint
        return f"{name!r} can't be {describe(value)}", hint
    if kind in ("too_short", "too_long") and name == "each":
        return "'each' takes one variable and its set", "write each: {p: $prompts}"
    if kind == "too_short":
        return f"{name!r} is empty", "it needs at least one entry"
    if kind == "string_too_short" and value == "":
        return f"{name!r} is empty", "write a text of at least one character"
    if kind in _BOUNDS:
        bound, phrase = _BOUNDS[kind]
        return f"{name!r} is {value}", f"it must be {phrase} {context[bound]:g}"
    wanted = next((phrase for word, phrase in _KINDS.items() if kind.startswith(word + "_")), "")
    refers = isinstance(value, str) and value.startswith("$")
    hint = "a reference is not allowed here: write the value, and change it for a run with --set" if refers else ""
    if kind == "string_type":
        hint = hint or _quote_hint(value)
    return (
        f"{name!r} must be {wanted}, not {describe(value)}"
        if wanted
        else f"{name!r}: {detail['msg'].removeprefix('Value error, ')}"
    ), hint


def _quote_hint(value: Any) -> str:
    """Hint for a number or Bool where a text is expected."""
    return f'put it in quotes: "{describe(value)}"' if isinstance(value, bool | int | float) else ""


def _document_path(loc: tuple[int | str, ...], document: Document) -> tuple[KeyPath, str]:
    """Path in the document for pydantic's `loc`, and the union member tried there."""
    path: list[int | str] = []
    tried = ""
    for step in loc:
        if _is_tag(step):
            continue
        if isinstance(step, str) and _names_member((step,)) and not _has_key(document, path, step):
            tried = step
        else:
            path.append(step)
            tried = ""
    return tuple(path), tried


def _has_key(document: Document, path: list[int | str], key: str) -> bool:
    value = document.value_at(tuple(path)).value
    return isinstance(value, dict) and key in value


def _literal_words(detail: ErrorDetails) -> list[str]:
    """The allowed words of a Literal, parsed from pydantic's message."""
    sentence = str(detail.get("ctx", {}).get("expected", ""))
    return [word.strip("'") for word in sentence.replace(" or ", ", ").split(", ")]


def _bad_key(path: KeyPath, name: str, detail: ErrorDetails, document: Document) -> Problem:
    location = document.location(path, key=True)
    if detail["type"] != "literal_error":
        hint = "names are small letters, digits and '_', and start with a letter"
        return Problem("bad-name", location, f"{name!r} is not a name", hint)
    if path[-2:-1] == ("models",):
        return Problem(
            "unknown-role", location, f"there is no model role {name!r}", suggest(name, _literal_words(detail), noun="roles")
        )
    return Problem("unknown-key", location, f"unknown key {name!r}", suggest(name, _literal_words(detail), noun="keys"))


def _bad_form(value: Any, path: KeyPath, document: Document) -> Problem:
    """Problem for a node that is not exactly one of call, loop and each."""
    name, location = path[-1], document.location(path, key=True)
    if not isinstance(value, dict):
        message, hint = f"node {name!r} is {describe(value)}", f"write {name}: {{use: TYPE, ...}}"
    else:
        forms = [form for form in FORMS if form in value]
        message = f"node {name!r} has " + (" and ".join(map(repr, forms)) if forms else "none of 'use', 'repeat', 'each'")
        hint = "a node is one of: a call (use), a loop (repeat), a sub-graph per element (each)"
        slip = next((key for key in value if not forms and closest(key, FORMS)), None)
        if slip is not None:
            hint, location = suggest(slip, FORMS), document.location((*path, slip), key=True)
            message += f", but {slip!r}"
    return Problem("node-form", location, message, hint)


def _is_tag(step: int | str) -> bool:
    return step in _TAGS


def _model_noun(model: type[BaseModel]) -> str:
    """Noun for `model` in messages."""
    return str(getattr(model, "called", "this file"))


def _model_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel]:
    """The pydantic model for the mapping at `loc`."""
    annotation: Any = model
    for step in loc:
        if not _names_member((step,)):
            annotation = _annotation_under(annotation, step)
    plain = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    models = [part for part in _alternatives(plain) if isinstance(part, type) and issubclass(part, BaseModel)]
    return models[0] if models else model


def _annotation_under(annotation: Any, step: int | str) -> Any:
    """Annotation of the child `step` of a value with `annotation`."""
    if _is_tag(step):
        return next((part for part in _alternatives(annotation) if Tag(str(step)) in getattr(part, "__metadata__", ())), Any)
    for part in _alternatives(annotation):
        plain = get_args(part)[0] if get_origin(part) is Annotated else part
        if isinstance(plain, type) and issubclass(plain, BaseModel):
            for name, field in plain.model_fields.items():
                if step in (name, field.alias):
                    return field.annotation
        elif get_origin(plain) is dict:
            return get_args(plain)[1]
        elif get_origin(plain) in (list, tuple):
            return get_args(plain)[0]
    return Any


def _alternatives(annotation: Any) -> Iterator[Any]:
    """Members of the union `annotation`, or `annotation` itself. Tagged members keep their tags."""
    if get_origin(annotation) is Annotated:
        if any(isinstance(meta, Tag) for meta in annotation.__metadata__):
            yield annotation
        else:
            yield from _alternatives(get_args(annotation)[0])
    elif isinstance(annotation, type) or get_origin(annotation) in (dict, list, tuple):
        yield annotation
    else:
        for part in get_args(annotation):
            yield from _alternatives(part)
