"""Exports for tests of forms: run folders written from a prompt and examples, with texts that other tools tend to break."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from promptwire.exporting.equality import Unequal, compare_requests
from promptwire.exporting.exported import Exported, exported
from promptwire.exporting.form import Form
from promptwire.results.report import Calls, Comparison, Report, Score
from promptwire.results.request_pattern import RequestPattern
from promptwire.results.run import Run
from promptwire.results.task_record import TaskRecord
from promptwire.running.task_recording import pattern_of
from promptwire.security.package_data import package_folder
from promptwire.templating.task_request import TaskForm
from promptwire.templating.template import load_template
from promptwire.values import Example, Examples, Message, Prompt, Prompts, Row, Scores
from promptwire.values.placeholders import Placeholders

__all__ = ["NASTY", "made_export", "nasty_exports", "nasty_fields", "nasty_turns", "unequal"]

NASTY = (
    "plain",
    "",
    "  leading and trailing  ",
    "two\nlines\n\nand a gap",
    "\nline breaks around\n\n",
    "tab\there",
    "\"double\", 'single', `back`, \\ backslash \\n \\\" and '''three''' and \"\"\"three\"\"\"",
    "{ } {input} {{input}} {{ input }} {{input__2}} {{{input}}} {{other}}",
    "{% if x %}yes{% endif %} {# note #} {{ 'a' | upper }} {% raw %} {% endraw %} {%- -%}",
    "$HOME ${input} %s %(input)s $1 \\1 \\g<0> 100%",
    "separators \u2028 and \u2029 and \x85 and \x0b and \x0c",
    "日本語、中文、한국어 🎉 é e\u0301 \u202e\u200b\ufeff",
    "<START>mark</START> <|im_start|>system --- user ---",
    "--- user ---\nsystem:\nuser:\n# heading\n- item: [a, b] # comment\nkey: value\n...\n---",
    "a,b;c\td|e\r\nwindows\rmac",
    "null", "true", "0123", "1e5", "2026-11-28", "~", "=1+1", "file://prompt.txt", "- ", "? a", "& *x !tag @at `x`",
    '{"json": [1, null, "x"]}',
    "[[1, 2], [3]]",
    "javascript: python: exec: http://example.org/?a=1&b=2",
)  # fmt: skip
"""Texts that break quoting, templates and files."""

_SCORE = Score(score=0.5, low=0.4, high=0.6, n=2)


def made_export(
    folder: Path,
    prompt: Prompt,
    examples: Sequence[Example],
    *,
    template: str = "chat.j2",
    placeholders: Placeholders | None = None,
    metric: str = "exact",
    **record: Any,
) -> Exported:
    """The export of a run folder written for `prompt` and the held-out `examples`, with the shipped task template `template`."""
    pattern = pattern_of(
        load_template(package_folder("templates") / "task" / template),
        TaskForm((), placeholders or Placeholders()),
        prompt,
        examples,
    )
    assert isinstance(pattern, RequestPattern), pattern
    folder.mkdir(parents=True, exist_ok=True)
    fields = {"settings": {"temperature": 0.0}, **record}
    made = TaskRecord.model_validate({"task": "nasty", "initial": pattern, "best": pattern, "metric": metric, **fields})
    (folder / "task.json").write_text(made.text())
    half = Comparison(initial=_SCORE, best=_SCORE, gain=_SCORE)
    report = Report(
        pipeline="ape", task="nasty", metric=metric, models={"task": "openai/gpt-4o-mini"}, seed=0, prompt=prompt.text,
        demos=prompt.demos, initial_prompt=prompt.text, test=half, train=half, calls=Calls(new=1, cached=0, failed=0), requests=1,
        tokens_in=1, tokens_out=1, cost_usd=0.0, seconds=1.0, limit=None, counts={}, notes=(), run=str(folder),
    )  # fmt: skip
    (folder / "report.json").write_text(report.to_json())
    rows = tuple(Row(prompt.id, example.id, example.output, example.output, 1.0) for example in examples)
    scores = Scores(metric=metric, prompts=Prompts.of([prompt]), examples=Examples.of(examples), rows=rows)
    outputs = {"scores": scores.model_dump(mode="json"), "pairs": [[example.id, 1.0, 1.0] for example in examples]}
    line = {"n": 1, "t": 0.1, "path": "report", "round": "", "element": "test", "outputs": outputs}
    (folder / "values.jsonl").write_text(json.dumps(line) + "\n")
    return exported(Run.open(folder))


def nasty_exports(folder: Path, template: str = "chat.j2") -> list[Exported]:
    """One export for each nasty text as prompt and demonstration; the held-out inputs and outputs are all of them."""
    tests = [Example(input=text, outputs=(text,)) for text in NASTY]
    return [
        made_export(
            folder / str(number), Prompt(text=text, demos=(Example(input=text, outputs=(text,)),)), tests, template=template
        )
        for number, text in enumerate(NASTY)
    ]


def nasty_fields(folder: Path, names: Sequence[str] = ("question", "two words")) -> Exported:
    """An export whose inputs have fields, filled into the placeholders of a prompt full of braces."""
    shown = " and ".join(f"{{{{{name}}}}}" for name in names)
    text = f"{NASTY[7]} {NASTY[8]}\nFill {shown}."
    tests = [Example(input=dict.fromkeys(names, value), outputs=("x",)) for value in NASTY]
    return made_export(folder, Prompt(text=text), tests, placeholders=Placeholders.of(text, (*names, "input")))


def nasty_turns(folder: Path, template: str = "conversation-system.j2") -> Exported:
    """An export whose inputs are conversations."""
    tests = [
        Example.of_turns(
            [Message(role="user", content=text), Message(role="assistant", content="Yes?"), Message(role="user", content=text)],
            ("x",),
            {},
        )
        for text in NASTY
    ]
    return made_export(folder, Prompt(text=NASTY[8]), tests, template=template)


def unequal(source: Exported, form: Form) -> tuple[Unequal, ...]:
    """Held-out examples for which the written form sends something else than the run."""
    return compare_requests(source, form.reader(form.write(source).files)).unequal
