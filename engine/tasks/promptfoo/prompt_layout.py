"""Which message is the prompt that a search changes, and the template and columns that make the same request as promptfoo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from promptwire.tasks.promptfoo.cases import TestCase
from promptwire.tasks.promptfoo.jinja_text import literal, quoted
from promptwire.tasks.promptfoo.nunjucks import Parts, Ref, names_in, rendered
from promptwire.tasks.promptfoo.prompts import ChatMessage, PromptSource, read_parts
from promptwire.tasks.promptfoo.source import refuse
from promptwire.tasks.promptfoo.variables import filled
from promptwire.values import Example
from promptwire.values.placeholders import WHOLE, Placeholders

__all__ = ["Layout", "lay_out"]

_FILE: Final = "messages.j2"
_HEAD: Final = "---\ndoc: The messages of the imported configuration; the prompt is one of them.\nverbatim: true\n---\n"
_DEMOS_ABOVE: Final = "{% for demo in demos %}\nInput: {{ demo }}\nOutput: {{ demo.output }}\n\n{% endfor %}\n{{ prompt }}\n"
_DEMOS_BELOW: Final = (
    "{{ prompt }}\n{% for demo in demos %}\n"
    '{{ "\\n" if loop.first }}Input: {{ demo }}\n'
    "Output: {{ demo.output }}\n\n{% endfor %}\n"
)
_RESERVED: Final = ("messages",)
"""A column that would be read as a conversation."""
_TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Layout:
    """Prompts, columns and template of the task."""

    prompts: tuple[str, ...]
    """The initial prompts, with `{{column}}` where a variable belongs."""
    columns: Mapping[Ref, str]
    """Names of the input columns by the places that they fill."""
    keys: Mapping[str, Any]
    """Keys of the task file: template and placeholders, where the usual ones do not fit."""
    files: Mapping[str, str]
    """The template, if it is one of its own."""
    single: bool
    """Whether the input is a text and no named fields."""


def lay_out(prompts: Sequence[PromptSource], cases: Sequence[TestCase]) -> Layout:
    """The layout of `prompts` for these tests. Raises PipelineError where no task makes the same requests."""
    prompts = _with_affixes(prompts, cases)
    at = _changed(prompts)
    refs = tuple(dict.fromkeys(ref for prompt in prompts for message in prompt.messages for ref in names_in(message.parts)))
    first = prompts[0]
    if not refs:
        refuse(first.where, "no prompt has a {{variable}}, so all tests are the same request", "write {{name}} into the prompt")
    _require_same(prompts, at)
    texts = [prompt.messages[at].parts for prompt in prompts]
    columns = _columns(refs, texts, first)
    written = tuple(rendered(parts, lambda ref: f"{{{{{columns[ref]}}}}}") for parts in texts)
    used = [columns[ref] for ref in names_in(texts[0])]
    keys: dict[str, Any] = {}
    if _is_system_form(first, at):
        if not _has_outer_breaks([message.parts for prompt in prompts for message in prompt.messages], cases):
            return Layout(written, columns, {"template": "task/system.j2", "placeholders": []}, {}, single=True)
        keys["placeholders"] = []
    elif any({*Placeholders.of(text, (*columns.values(), WHOLE)).fields} != {*used} for text in written):
        keys["placeholders"] = used
    single = len(refs) == 1
    if len(first.messages) == 1 and not _has_outer_breaks(texts, cases):
        return Layout(written, columns, keys, {}, single=single)
    source = _HEAD + "".join(_sources(first.messages, at, columns, single=single))
    return Layout(written, columns, {"template": _FILE, **keys}, {_FILE: source}, single=single)


def _with_affixes(prompts: Sequence[PromptSource], cases: Sequence[TestCase]) -> list[PromptSource]:
    """The prompts with the texts that tests put before and after them: as they are if all tests have the same."""
    affixes = {(case.prefix, case.suffix) for case in cases}
    if affixes == {("", "")}:
        return list(prompts)
    different = next((case for case in cases if (case.prefix, case.suffix) != (cases[0].prefix, cases[0].suffix)), None)
    if different is not None:
        hint = "write them as a variable of the tests, and put {{prefix}} into the prompt"
        refuse(different.where, "the tests have different prefixes or suffixes", hint)
    ((prefix, suffix),) = affixes
    changed = []
    for prompt in prompts:
        if prompt.chat:
            refuse(prompt.where, "a prefix or suffix can't go around a list of messages", "write it into a message")
        (message,) = prompt.messages
        parts = (*read_parts(prefix, cases[0].where), *message.parts, *read_parts(suffix, cases[0].where))
        changed.append(replace(prompt, messages=(ChatMessage(message.role, parts),)))
    return changed


def _changed(prompts: Sequence[PromptSource]) -> int:
    """The number of the message that is the prompt: the one in which they differ, else the system's, else the user's first."""
    shapes = [tuple(message.role for message in prompt.messages) for prompt in prompts]
    for prompt, shape in zip(prompts, shapes, strict=True):
        if shape != shapes[0]:
            hint = "a task has one form of request: keep the prompts of one form"
            refuse(prompt.where, "this prompt has other messages than the first", hint)
        if shape[-1] != "user":
            refuse(
                prompt.where, f"the prompt ends with a message of the {shape[-1]}", "the model answers a message of the user"
            )
    differ = [at for at in range(len(shapes[0])) if len({prompt.messages[at].parts for prompt in prompts}) > 1]
    if len(differ) == 1:
        return differ[0]
    return shapes[0].index("system") if "system" in shapes[0] else shapes[0].index("user")


def _require_same(prompts: Sequence[PromptSource], at: int) -> None:
    """Refuse prompts that differ beside the message `at`, and those that use other variables in it."""
    first = prompts[0]
    for prompt in prompts[1:]:
        for number, (message, other) in enumerate(zip(prompt.messages, first.messages, strict=True)):
            if number != at and message.parts != other.parts:
                hint = "initial prompts may differ in one message: keep one prompt, or make a config for each"
                refuse(prompt.where, f"this prompt differs from the first in message {number + 1} too", hint)
        mine, others = ({*names_in(one.messages[at].parts)} for one in (prompt, first))
        if mine != others:
            name = min(mine ^ others).name
            hint = "initial prompts have the same variables: keep one prompt, or make a config for each"
            refuse(prompt.where, f"one of the prompts has {{{{{name}}}}}, and another one does not", hint)


def _columns(refs: Sequence[Ref], texts: Sequence[Parts], first: PromptSource) -> dict[Ref, str]:
    """Names of the columns: those of the variables, unless a prompt has such a name in braces that is no variable."""
    taken: set[str] = {*_RESERVED}
    columns: dict[Ref, str] = {}
    for ref in refs:
        columns[ref] = _free(ref.name, taken)
        taken.add(columns[ref])
    for _ in range(_TRIES):
        wrong = next((ref for parts in texts for ref in _misread(parts, columns)), None)
        if wrong is None:
            return columns
        columns[wrong] = _free(columns[wrong], taken | {columns[wrong]})
        taken.add(columns[wrong])
    refuse(first.where, "braces of the prompt's text would be read as a variable", "rename the variables")


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _misread(parts: Parts, columns: Mapping[Ref, str]) -> Iterator[Ref]:
    """The places whose column would be filled in elsewhere in the text too."""
    used = {columns[ref]: ref for ref in names_in(parts)}
    if not used:
        return
    marks = {name: f"\0{number}\0" for number, name in enumerate(used)}
    text = rendered(parts, lambda ref: f"{{{{{columns[ref]}}}}}")
    found = Placeholders(kept=tuple(used), names=tuple(used)).filled(text, Example(input=marks))
    if found == rendered(parts, lambda ref: marks[columns[ref]]):
        return
    for name, ref in used.items():
        if found.count(marks[name]) != sum(part == ref for part in parts):
            yield ref
    yield from used.values()


def _is_system_form(prompt: PromptSource, at: int) -> bool:
    """Whether a system message without variables is followed by one variable as the message of the user."""
    if [message.role for message in prompt.messages] != ["system", "user"] or at != 0:
        return False
    system, user = prompt.messages
    return not names_in(system.parts) and len(user.parts) == 1 and isinstance(user.parts[0], Ref)


def _has_outer_breaks(texts: Sequence[Parts], cases: Sequence[TestCase]) -> bool:
    """Whether a message begins or ends with a line break, which only a verbatim template sends."""
    for parts in texts:
        ends = [part for part in (parts[:1] + parts[-1:]) if isinstance(part, Ref)]
        if any(isinstance(part, str) and part != part.strip("\n") for part in parts[:1] + parts[-1:]):
            return True
        for case in cases if ends else ():
            text = filled(parts, case.values)
            if text != text.strip("\n"):
                return True
    return False


def _sources(messages: Sequence[ChatMessage], at: int, columns: Mapping[Ref, str], *, single: bool) -> Iterator[str]:
    """The source of a template with these messages, of which that number `at` is the prompt."""
    for number, message in enumerate(messages):
        yield f"--- {message.role} ---\n"
        if number == at:
            yield _DEMOS_BELOW if message.role == "system" else _DEMOS_ABOVE
            continue
        for part in message.parts:
            if isinstance(part, str):
                yield literal(part)
            else:
                yield "{{ input }}" if single else f"{{{{ input[{quoted(columns[part])}] }}}}"
        yield "\n"
