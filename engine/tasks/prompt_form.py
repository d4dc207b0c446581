"""How the prompts of a task and its inputs become a request: placeholders, lists of messages, and notes about both."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from promptwire.documents.document import Document
from promptwire.errors import PipelineError, UsageError, closest
from promptwire.tasks.conversations import without_shared_system
from promptwire.tasks.file_reach import TaskFiles
from promptwire.tasks.message_template import messages_source
from promptwire.tasks.task_spec import TaskSpec
from promptwire.templating.task_request import TaskForm
from promptwire.templating.template import Template, load_template, read_template
from promptwire.values import Example, Examples, Prompt
from promptwire.values.notes import read_note, warning
from promptwire.values.placeholders import WHOLE, Placeholders, mentions

__all__ = ["PromptForm", "placeholders_in", "prompt_form"]

_CONVERSATION: Final = "task/system.j2"
"""The template for conversations, when the task names none."""

_SHOWN: Final = 300
"""Characters of the request that a note shows."""


class PromptForm(NamedTuple):
    """How the prompts of a task become requests."""

    prompts: tuple[str, ...]
    """The initial prompts."""
    placeholders: Placeholders
    """Their placeholders."""
    template: str
    """Path of the template; the name of one that is a list of messages."""
    messages: str
    """Source of a template that is a list of messages."""
    sets: tuple[Examples, ...]
    """The examples, without a system message whose place the prompt takes."""
    notes: tuple[str, ...]
    """Notes on all this."""

    @property
    def told(self) -> tuple[str, ...]:
        """Those of the notes that are no warnings: what the task model gets."""
        return tuple(note for note in self.notes if read_note(note).severity == "info")


def prompt_form(spec: TaskSpec, files: TaskFiles, sets: Sequence[Examples]) -> PromptForm:
    """How the prompts of `spec` become requests with the examples of `sets`, the first of which are those of train.

    Raises UsageError for a task without an initial prompt and for wrong placeholders, PipelineError for a wrong template.
    """
    shared, sets = without_shared_system(sets)
    notes = ["all conversations begin with the same system message, whose place the prompt takes"] if shared else []
    prompts = (spec.prompt,) if isinstance(spec.prompt, str) else spec.prompt
    if "prompt" not in spec.model_fields_set:
        if not shared:
            hint = 'say where to start from: --prompt "..." or `prompt:` in the task file; an empty prompt is allowed'
            if any(one.turns and one.turns[0].role == "system" for examples in sets for one in examples.items):
                hint += "; the system message of the conversations is none, since not all begin with the same"
            raise UsageError("the task has no initial prompt", where=files.document.file, hint=hint)
        prompts = (shared,)
        notes[0] = "the initial prompt is the system message with which all conversations begin"
    examples = [example for one in sets for example in one.items]
    names = _names(spec.columns.inputs, examples)
    placeholders = Placeholders() if spec.placeholders == () else _placeholders_of(prompts, names, spec, files.document)
    if isinstance(spec.template, str):
        given = "template" in spec.model_fields_set or not any(example.turns for example in examples)
        template, messages = str(files.template("template", spec.template if given else _CONVERSATION)), ""
        found = None
    else:
        template, messages = messages_source(spec.template, files.document)
        found = read_template(template, messages)
    if examples:
        form = TaskForm(spec.labels, placeholders)
        said = _notes(
            prompts, form, found or load_template(Path(template)), names=names, example=examples[0], listed=found is not None
        )
        notes += [] if spec.placeholders == () else [*said, *_without_field(placeholders, examples)]
    return PromptForm(prompts, placeholders, template, messages, sets, tuple(notes))


def _names(columns: Sequence[str], examples: Sequence[Example]) -> tuple[str, ...]:
    """The names that are filled in: those of the input columns, and of the fields that one column may hold."""
    rows = dict.fromkeys(tuple(one.input) for one in examples if isinstance(one.input, dict))
    fields = dict.fromkeys(name for row in rows for name in row)
    return tuple(dict.fromkeys(name for name in (*columns, *fields, WHOLE) if name and not {*name} & {*"{}"}))


def _placeholders_of(prompts: Sequence[str], names: Sequence[str], spec: TaskSpec, document: Document) -> Placeholders:
    """The placeholders of a task. Raises UsageError, with the place in the task file, for those that don't fit."""
    try:
        return placeholders_in(prompts, names, spec.placeholders)
    except UsageError as error:
        key = "prompt" if spec.placeholders is None else "placeholders"
        error.where = str(document.location((key,)))
        raise


def placeholders_in(prompts: Sequence[str], names: Sequence[str], only: Sequence[str] | None) -> Placeholders:
    """The placeholders of the initial `prompts`; those of `only` when it is given.

    Raises UsageError when `only` names no field, and when one prompt has a placeholder that another lacks.
    """
    if unknown := [name for name in only or () if name not in names]:
        known = ", ".join(names)
        raise UsageError(f"placeholders: the input has no field {unknown[0]!r}", hint=f"fields: {known}")
    used = tuple(names) if only is None else tuple(only)
    found = [Placeholders.of(text, used) for text in prompts]
    whole = Placeholders.of("\n".join(prompts), used)
    if absent := [name for name in only or () if name not in whole.fields]:
        raise UsageError(f"placeholders: no initial prompt has {{{absent[0]}}}", hint=f"write {{{absent[0]}}} into the prompt")
    for number, one in enumerate(found, 1):
        if lost := {*whole.fields} - {*one.fields}:
            problem = f"initial prompt {number} has no placeholder {{{min(lost)}}}, and another one has it"
            hint = "give all initial prompts the same placeholders; `placeholders: []` turns them off"
            raise UsageError(problem, hint=hint)
    return whole


def _notes(
    prompts: Sequence[str], form: TaskForm, template: Template, *, names: Sequence[str], example: Example, listed: bool
) -> Iterator[str]:
    """Notes on the request that the first of `prompts` makes with `example`, where it is not the template as it is.

    `names` are those of the fields; `listed` says that the template is a list of messages.
    """
    yield from _unknown(prompts, names, example)
    if not (form.placeholders or example.turns or listed):
        return
    if form.placeholders:
        fields = [name for name in names if name != WHOLE]
        shown = ", ".join(form.placeholders.kept)
        yield f"placeholders: {shown}; the input is filled in there and not added to the prompt"
        added, filled = form.added(template, example), form.placeholders.fields
        if added and (WHOLE in {*added, *filled} or {*added} & {*filled}):
            yield warning(
                f"the template {template.name} adds the input to a prompt that holds {shown}: the model gets it twice"
            )
        left = [name for name in fields if name not in {*filled, *added}]
        if left and WHOLE not in {*filled, *added} and isinstance(example.input, dict):
            yield warning(f"no prompt has {{{left[0]}}}: that field of the input is not sent")
    yield from _request(prompts[0], form, template, example)


def _without_field(placeholders: Placeholders, examples: Sequence[Example]) -> Iterator[str]:
    """Warn of examples that lack a field: the model would read the name in braces."""
    rows = [one.input for one in examples if isinstance(one.input, dict)]
    for name, written in zip(placeholders.fields, placeholders.kept, strict=True):
        lacking = 0 if name == WHOLE else sum(name not in row for row in rows)
        if lacking:
            yield warning(
                f"{lacking} of {len(examples)} examples have no field {name!r}: the model gets {written} as it stands there; "
                'give them the field, "" where it is empty'
            )


def _unknown(prompts: Sequence[str], names: Sequence[str], example: Example) -> Iterator[str]:
    """Warn of a name in braces that is no field."""
    for text in prompts:
        known = Placeholders.of(text, tuple(names)).fields
        for name, written in dict(mentions(text)).items():
            if name in known:
                continue
            if name in names:
                hint = f"write {{{name}}}"
            elif name in example.meta:
                hint = f"{name!r} is another column of the data: name it under `columns: {{input: [...]}}`"
            else:
                near = closest(name, names) or (names[0] if len(set(names) - {WHOLE}) == 1 else None)
                hint = f"did you mean {{{near}}}?" if near else f"fields: {', '.join(names)}"
            yield warning(f"the prompt mentions {written}, which is no field of the input and stays as it is; {hint}")


def _request(prompt: str, form: TaskForm, template: Template, example: Example) -> Iterator[str]:
    """What the task model gets, as one line."""
    try:
        rendered = form.render(template, Prompt(text=prompt), example)
    except PipelineError:
        return
    parts = [f"{one.role}: {one.content}" for one in rendered.messages] or [rendered.prompt]
    text = json.dumps("\n\n".join(parts), ensure_ascii=False)
    yield f"the task model gets, for the first example: {text if len(text) <= _SHOWN else text[:_SHOWN] + '...'}"
