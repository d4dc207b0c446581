"""Turns a promptfooconfig.yaml into a task: prompts, tests, asserts and the first provider.

What has a counterpart is taken over, what differs is a note, and what has no counterpart is one error with file, line and
column. Nothing is written, and no code of the configuration is run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from promptwire.documents.document import YamlValue
from promptwire.documents.validation_errors import describe
from promptwire.documents.yaml_reader import read_yaml
from promptwire.tasks.promptfoo.asserts import read_asserts
from promptwire.tasks.promptfoo.cases import TestCase, read_tests
from promptwire.tasks.promptfoo.imported import ImportedTask, is_promptfoo
from promptwire.tasks.promptfoo.nunjucks import text_of
from promptwire.tasks.promptfoo.prompt_layout import Layout, lay_out
from promptwire.tasks.promptfoo.prompts import read_prompts
from promptwire.tasks.promptfoo.providers import read_provider
from promptwire.tasks.promptfoo.scored import Scored
from promptwire.tasks.promptfoo.scoring import score
from promptwire.tasks.promptfoo.source import Folder, refuse
from promptwire.tasks.promptfoo.variables import value_at

__all__ = ["import_promptfoo", "is_promptfoo"]

_READ: Final = ("prompts", "providers", "targets", "tests", "defaultTest", "description", "scenarios", "assertionTemplates")
_SILENT: Final = ("$schema", "tags", "metadata", "outputPath", "sharing", "writeLatestResults", "commandLineOptions")
_REFUSED: Final = {
    "redteam": "attacks have no counterpart",
    "nunjucksFilters": "filters are programs: write the changed texts as variables",
    "extensions": "hooks are programs: leave them out",
}
_SAID: Final = 5


class _Notes(list[str]):
    """Notes in order, each once."""

    def add(self, text: str) -> None:
        if text not in self:
            self.append(text)


def import_promptfoo(path: Path | str, *, plugins: bool = False) -> ImportedTask:
    """The task in the configuration at `path`. With `plugins`, asserts in Python become a plug-in's metric.

    Raises PipelineError or DataError, with file and line, for what can't be read and for what has no counterpart.
    """
    document = read_yaml(path)
    root, notes = document.root, _Notes()
    if not isinstance(root.value, dict):
        refuse(root, f"a configuration is a mapping, not {describe(root.data())}", "prompts: [...]")
    _check_keys(root, notes)
    folder = Folder(Path(path).parent, root)
    prompts = read_prompts(root, folder)
    if any(message.developer for prompt in prompts for message in prompt.messages):
        notes.add(f"{prompts[0].where}: a message of the developer is sent as one of the system")
    tests = [(case, read_asserts(case, folder, notes.add, plugins=plugins)) for case in read_tests(root, folder)]
    kept = [(case, asserts) for case, asserts in tests if asserts.flat()]
    lacking = [case for case, asserts in tests if not asserts.flat()]
    if lacking and kept:
        places = ", ".join(case.named() for case in lacking[:_SAID]) + (", ..." if len(lacking) > _SAID else "")
        have = "1 test has no assert and is" if len(lacking) == 1 else f"{len(lacking)} tests have no assert and are"
        notes.add(f"{have} left out; promptfoo counts such tests as passed: {places}")
    cases = [case for case, _ in kept] or lacking
    layout = lay_out(prompts, cases)
    scored = score(kept, folder, notes.add) if kept else Scored("none", ((),) * len(cases))
    if not kept:
        notes.add(
            "no test has an assert, so the metric is none: answers have no value; see docs/tasks.md, data without outputs"
        )
    _note_options(cases, notes)
    provider = read_provider(root, notes.add)
    output, rows = _rows(cases, layout, scored, notes)
    task = _task(root, layout, scored, output, provider.settings)
    files = {**layout.files, **scored.files}
    return ImportedTask(_name(path), task, rows, files, provider.model, provider.api_base, tuple(notes))


def _name(path: Path | str) -> str:
    stem = Path(path).stem
    return (Path(path).absolute().parent.name or stem) if stem == "promptfooconfig" else stem


def _check_keys(root: YamlValue, notes: _Notes) -> None:
    for key, value in root.value.items() if isinstance(root.value, dict) else ():
        if key in _REFUSED:
            refuse(value.key_location, f"{key!r} has no counterpart in promptwire", _REFUSED[key])
        if key not in (*_READ, *_SILENT):
            notes.add(f"{value.key_location}: {key!r} is left out")


def _note_options(cases: Sequence[TestCase], notes: _Notes) -> None:
    said = {
        "rubricPrompt": "is not taken over: the judge has a template of its own, under `rubric`",
        "provider": "is not taken over: --model judge=NAME names the judge",
        "repeat": "is left out: a request is sent once",
    }
    for case in cases:
        for key, words in said.items():
            if key in case.options:
                notes.add(f"{case.options[key].key_location}: {key!r} {words}")


def _task(root: YamlValue, layout: Layout, scored: Scored, output: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the task file."""
    doc, names = root.get("description"), list(layout.columns.values())
    task: dict[str, Any] = {"doc": doc.value} if doc is not None and isinstance(doc.value, str) else {}
    task["prompt"] = layout.prompts[0] if len(layout.prompts) == 1 else list(dict.fromkeys(layout.prompts))
    columns: dict[str, Any] = {"input": names[0] if layout.single else names}
    task["columns"] = columns if not any(scored.outputs) else {**columns, "output": output}
    task |= layout.keys
    task["metric"] = scored.metric
    task |= scored.keys
    return {**task, "settings": dict(settings)} if settings else task


def _rows(cases: Sequence[TestCase], layout: Layout, scored: Scored, notes: _Notes) -> tuple[str, tuple[dict[str, Any], ...]]:
    """The name of the output column, and the rows."""
    names = {*layout.columns.values(), *(name for case in cases for name in case.values)}
    output = "output"
    while output in names:
        output += "_"
    rows = []
    for case, outputs in zip(cases, scored.outputs, strict=True):
        row: dict[str, Any] = dict(_inputs(case, layout, notes))
        if outputs:
            row[output] = outputs[0] if len(outputs) == 1 and not isinstance(outputs[0], list) else list(outputs)
        used = {ref.path[0] for ref in layout.columns}
        more = {name: value for name, value in case.values.items() if name not in used and name not in row}
        rows.append(
            {**row, **more, **({"description": case.description} if case.description and "description" not in names else {})}
        )
    return output, tuple(rows)


def _inputs(case: TestCase, layout: Layout, notes: _Notes) -> Iterator[tuple[str, str]]:
    for ref, column in layout.columns.items():
        value = value_at(ref, case.values)
        if isinstance(value, dict | list):
            hint = f"write {{{{{ref.name}.KEY}}}} into the prompt for a value in it"
            refuse(
                case.where, f"the variable {ref.name!r} is {describe(value)}, which promptfoo does not fill in as text", hint
            )
        if value is None:
            notes.add(f"{case.where}: the test has no {ref.name!r}; nothing is filled in, as in promptfoo")
        yield column, text_of(value)
