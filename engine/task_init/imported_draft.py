"""Makes a task file, with its data beside it, from the configuration of another tool."""

from __future__ import annotations

import json
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import UsageError
from promptwire.registry.plugins import loaded_plugin
from promptwire.task_init.answer_kind import AnswerKind
from promptwire.task_init.checks import check_task
from promptwire.task_init.drafted import Draft
from promptwire.task_init.guess import Given, Guess
from promptwire.task_init.row_facts import row_facts
from promptwire.task_init.task_text import Part, task_text
from promptwire.tasks.columns import Columns
from promptwire.tasks.promptfoo.imported import ImportedTask
from promptwire.tasks.promptfoo.importer import import_promptfoo
from promptwire.tasks.promptfoo.python_asserts import PLUGIN
from promptwire.tasks.reading.form import DataForm
from promptwire.tasks.task import load_document

__all__ = ["draft_import"]


def draft_import(config: Path, given: Given, file: Path, *, plugins: bool) -> Draft:
    """The task file `file` for the configuration `config`, loaded from a folder of its own before anything is written."""
    for flag, value in (
        ("--input", given.inputs),
        ("--output", given.output),
        ("--sheet", given.sheet),
        ("--rows", given.rows),
    ):
        if value:
            raise UsageError(f"{flag}: a configuration says this itself", where=str(config), hint=f"leave {flag} out")
    found = import_promptfoo(config, plugins=plugins)
    data = f"{file.stem}.jsonl"
    keys: dict[str, Any] = {**found.task}
    keys |= {"prompt": given.prompts[0] if len(given.prompts) == 1 else list(given.prompts)} if given.prompts else {}
    keys |= {"metric": given.metric} if given.metric else {}
    prompt: dict[str, Any] = {name: keys.pop(name) for name in ("doc", "prompt") if name in keys}
    head = f"Made by `promptwire task init` from {config.name}."
    parts = [
        Part({"promptwire": 1, "task": given.name or found.name, **prompt}, (head, *found.notes)),
        Part({"data": {"train": data}}, ("the tests; half of them are held out",)),
        Part(keys),
    ]
    text = task_text(parts)
    beside = {data: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found.rows), **found.files}
    columns = Columns.model_validate(keys.get("columns", {}))
    with tempfile.TemporaryDirectory(prefix="promptwire-") as name:
        folder = Path(name)
        for other, content in beside.items():
            (folder / other).write_text(content, encoding="utf-8")
        with loaded_plugin(folder / PLUGIN) if PLUGIN in found.files else nullcontext():
            task = load_document(folder, read_yaml_text(text, str(file)))
            facts = row_facts({"train": folder / data}, columns, DataForm(), None)
            checked = check_task(task, facts, AnswerKind("imported", task.metric, ""))
    return Draft(
        file,
        text,
        {**prompt, **keys},
        _guesses(found, config, task.metric),
        checked,
        beside=beside,
        notes=found.notes,
        flags=_flags(found, file.parent),
    )


def _guesses(found: ImportedTask, config: Path, metric: str) -> tuple[Guess, ...]:
    count = len(found.rows)
    return (
        Guess("data", f"{count:,} {'test' if count == 1 else 'tests'}", f"those of {config.name}"),
        Guess("metric", metric, "the counterpart of its asserts"),
    )


def _flags(found: ImportedTask, folder: Path) -> tuple[str, ...]:
    """What a run needs to ask the model of the configuration, and to load the checks that are written into `folder`."""
    model = ("--model", found.model) if found.model else ()
    plugin = ("--plugins", str(folder / PLUGIN)) if PLUGIN in found.files else ()
    return (*model, *(("--api-base", found.api_base) if found.api_base else ()), *plugin)
