"""Makes a task file for data: guesses what it says, loads it as a run does, and shows what the task model would get.

Nothing is written here. A file that the loader refuses is an error, so that no task file is left that does not work.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import DataError, UsageError
from promptwire.metrics.metric import needs_outputs
from promptwire.task_init.answer_kind import AnswerKind, answer_kind, cell_reading
from promptwire.task_init.checks import check_task
from promptwire.task_init.column_choice import ColumnChoice, choose_columns
from promptwire.task_init.data_files import DataSource, find_data
from promptwire.task_init.drafted import Draft
from promptwire.task_init.first_prompt import first_prompt
from promptwire.task_init.guess import Given, Guess
from promptwire.task_init.row_facts import RowFacts, row_facts
from promptwire.task_init.survey import Survey, survey
from promptwire.task_init.task_text import Part, task_text
from promptwire.tasks.columns import Columns
from promptwire.tasks.readers import open_rows
from promptwire.tasks.reading.source import Source
from promptwire.tasks.task import load_document

__all__ = ["draft_task"]

_CELLS = 500
"""Cells of the output by which it is told how they are read."""


def draft_task(source: str, given: Given, file: Path) -> Draft:
    """The task file `file` for the data at `source`, a file or a folder.

    Raises Unclear for a column that can't be guessed, DataError for data that can't be read, UsageError for a wrong `given`.
    """
    data = find_data(source)
    found = survey(data.files["train"], given)
    choice = choose_columns(found, given, splits=len(data.files) == 1)
    columns = _columns(choice, found)
    facts = row_facts(data.files, Columns(**columns), found.form, choice.split)
    kind = answer_kind(facts)
    _refuse_empty(facts, choice, given.metric or kind.metric, data.files["train"].parent)
    metric, why = (given.metric, "as you say") if given.metric else (kind.metric, kind.why)
    if metric != kind.metric:
        kind = AnswerKind(kind.kind, metric, why, kind.labels, warnings=kind.warnings, keys=kind.keys)
    parts, guesses = _parts(data, found, choice, columns=columns, facts=facts, kind=kind, given=given, folder=file.parent)
    head = f"Made by `promptwire task init` for {', '.join(path.name for path in data.files.values())}. Change what is wrong."
    text = task_text([Part({"promptwire": 1, "task": given.name or data.name}, (head,)), *parts])
    keys = {key: value for part in parts for key, value in part.keys.items()}
    task = load_document(file.parent, read_yaml_text(text, str(file)))
    return Draft(file, text, keys, tuple(guesses), check_task(task, facts, kind))


def _columns(choice: ColumnChoice, found: Survey) -> dict[str, Any]:
    """The value of `columns`; empty where the usual names hold."""
    names: list[Any] = [int(name) if found.numbered else name for name in choice.inputs]
    columns: dict[str, Any] = {}
    if not (choice.chat and names[0] in ("messages", "input")) and names != ["input"]:
        columns["input"] = names[0] if len(names) == 1 else names
    if choice.output is not None and choice.output != "output" and not (choice.chat and choice.output == "ideal"):
        columns["output"] = int(choice.output) if found.numbered else choice.output
    if found.numbered and "input" not in columns:
        columns["input"] = names[0]
    if choice.output is not None and not choice.chat:
        columns |= cell_reading(list(_cells(found, choice.output)))
    return columns


def _cells(found: Survey, column: str) -> Iterator[Any]:
    """The first cells of a column."""
    columns = Columns(input=0) if found.numbered else Columns()
    source = Source(found.path, columns, found.form, outputs=False, any_columns=True)
    for _, row in islice(open_rows(found.path, source).rows, _CELLS):
        yield next((value for name, value in row.items() if name.strip() == column), None)


def _refuse_empty(facts: RowFacts, choice: ColumnChoice, metric: str, folder: Path) -> None:
    """Raise DataError for rows without an output where most have one: the loader would stop at the first."""
    lacking = facts.no_output
    if not lacking.count or lacking.count == facts.rows or not needs_outputs(metric):
        return
    many = f"{lacking.count} of {facts.rows} rows have" if lacking.count > 1 else "a row has"
    column = f"the column {choice.output!r}" if choice.output else "its conversation"
    hint = "fill them in or delete these rows, and run this again; --metric judge takes rows without an output"
    raise DataError(f"{many} no output in {column}", where=str(folder / str(lacking)), hint=hint)


def _parts(
    data: DataSource,
    found: Survey,
    choice: ColumnChoice,
    *,
    columns: dict[str, Any],
    facts: RowFacts,
    kind: AnswerKind,
    given: Given,
    folder: Path,
) -> tuple[list[Part], list[Guess]]:
    """The parts of the task file, and all guesses."""
    prompt, key = _prompt(choice, facts, kind, given)
    guesses = [*([data.guess] if data.guess else []), *_form_guesses(found), *choice.guesses]
    guesses.append(Guess("metric", kind.metric, kind.why))
    if kind.labels:
        guesses.append(Guess("labels", ", ".join(kind.labels), "the outputs that occur"))
    split = _split(choice, facts, data)
    guesses += [split, *([_grouped(choice, found)] if choice.group else []), prompt]
    files: dict[str, Any] = {name: _relative(path, folder) for name, path in data.files.items()}
    files |= {"split": choice.split} if choice.split else {}
    files |= found.form.model_dump(exclude_none=True)
    told = tuple(f"{one.key}: {one.value}, {one.why}" for one in choice.guesses)
    scoring: dict[str, Any] = {"metric": kind.metric}
    scoring |= {"labels": list(kind.labels)} if kind.labels else {}
    scoring |= {"watch": list(kind.watch)} if kind.watch else {}
    scoring |= {"tolerance": kind.tolerance} if kind.tolerance else {}
    parts = [
        Part(key, (_said(prompt) if key else f"prompt: {prompt.value}, {prompt.why}",)),
        Part({"data": files}, (_said(split), *(_said(one) for one in _form_guesses(found)))),
        Part({"columns": columns} if columns else {}, told),
    ]
    if choice.group:
        parts.append(Part({"group": choice.group}, (_said(_grouped(choice, found)),)))
    parts.append(Part(scoring, (f"metric: {kind.why}", *kind.warnings)))
    return parts, guesses


def _said(guess: Guess) -> str:
    return f"{guess.key}: {guess.why}"


def _form_guesses(found: Survey) -> list[Guess]:
    """What was found out about how the file is written."""
    guesses = []
    if found.form.encoding:
        guesses.append(Guess("encoding", found.form.encoding, "the file is not UTF-8; check letters such as é below"))
    if found.form.delimiter:
        shown = "a tab" if found.form.delimiter == "\t" else repr(found.form.delimiter)
        guesses.append(Guess("delimiter", shown, "it cuts the rows into equally many cells"))
    if found.why:
        guesses.append(Guess("header", "none", found.why))
    return guesses


def _split(choice: ColumnChoice, facts: RowFacts, data: DataSource) -> Guess:
    sizes = ", ".join(f"{name} {facts.sizes[name]:,}" for name in ("train", "dev", "test") if facts.sizes[name])
    if choice.split:
        return Guess("split", sizes, f"the column {choice.split!r} names it")
    if len(data.files) > 1 and "test" in data.files:
        return Guess("split", sizes, "each split has its file")
    where = "the files hold no test examples" if len(data.files) > 1 else "one file holds all rows"
    kept = "; rows with the same " + repr(choice.group) + " stay together" if choice.group else ""
    return Guess("split", "half held out", f"{where}, so half of train is held out, whatever the seed{kept}")


def _grouped(choice: ColumnChoice, found: Survey) -> Guess:
    column = found.column(choice.group or "")
    more = "" if found.whole else f" of the first {column.rows:,}"
    return Guess(
        "group",
        repr(choice.group),
        f"{column.filled:,} rows{more} share {column.distinct:,} values, so they are not independent",
    )


def _prompt(choice: ColumnChoice, facts: RowFacts, kind: AnswerKind, given: Given) -> tuple[Guess, dict[str, Any]]:
    """The initial prompt and why, and the key; no key where the data hold one by themselves."""
    if given.prompts:
        text: str | list[str] = given.prompts[0] if len(given.prompts) == 1 else list(given.prompts)
        return Guess("prompt", given.prompts[0], "as you say"), {"prompt": text}
    if choice.chat and _shared_system(facts):
        return Guess("prompt", "the system message", "all conversations begin with the same one"), {}
    if choice.instruction:
        why = "a column holds the same instruction in all rows"
        return Guess("prompt", choice.instruction, why), {"prompt": choice.instruction}
    made = first_prompt(kind, choice)
    return Guess("prompt", made, "made up from the columns: write your own, or give it with --prompt"), {"prompt": made}


def _shared_system(facts: RowFacts) -> bool:
    firsts = {example.turns[0] if example.turns else None for example in facts.examples}
    first = next(iter(firsts))
    return len(firsts) == 1 and first is not None and first.role == "system"


def _relative(path: Path, folder: Path) -> str:
    """`path` as a task file in `folder` names it. Raises UsageError for one outside of it."""
    found = Path(os.path.relpath(str(path), str(folder)))
    if found.is_absolute() or ".." in found.parts:
        hint = f"write it into {path.parent.absolute()}, or copy the data into {folder.absolute()}"
        raise UsageError("--out: a task file may name data of its own folder only", hint=hint)
    return found.as_posix()
