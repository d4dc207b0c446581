"""Make the task record of a finished run: patterns of its requests, settings, and how answers are read and scored.

A pattern comes from rendering the task's template once, with marks in the places of the input. It is kept if it gives the
requests of the held-out examples. A template that does more with the input than to show it has none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from promptwire.errors import PipelineError, RunError
from promptwire.graph.steps import Graph, ModelCallSpec
from promptwire.local_settings import LocalSettings
from promptwire.results.report import REPORT
from promptwire.results.request_pattern import INPUT, Part, RequestPattern, Sent, Slot
from promptwire.results.run_folder import keep_file
from promptwire.results.task_record import TASK, TaskRecord
from promptwire.running.answer_rows import task_labels
from promptwire.running.preflight import Scoring, scoring
from promptwire.running.sampling import sampling
from promptwire.running.scoring import Scorer
from promptwire.running.session import Session
from promptwire.tasks.task import Task
from promptwire.templating.task_request import TaskForm
from promptwire.templating.template import Template, load_template
from promptwire.values import Example, Prompt
from promptwire.values.notes import warning

__all__ = ["keep_task", "pattern_of", "task_record"]

_CHECKED: Final = 1000
"""Most examples whose requests a pattern is compared with."""


def keep_task(graph: Graph, session: Session, best: Prompt, folder: Path) -> None:
    """Write the task record into the run folder; what can't be written is a note of the run."""
    try:
        keep_file(folder / TASK, task_record(graph, session, best).text())
    except RunError as error:
        session.notes.append(warning(f"the run folder is not whole: {error.problem}"))


def task_record(graph: Graph, session: Session, best: Prompt) -> TaskRecord:
    """The record of a run of `graph` that ended with `best`."""
    task, how = session.task, scoring(graph) or Scoring(roles=graph.models)
    scorer = Scorer(session, REPORT, ModelCallSpec(role="task", settings=how.settings), how.roles)
    initial = task.prompts.items[0]
    examples = (task.test.items or task.train.items)[:_CHECKED]
    patterns: dict[str, RequestPattern] = {}
    problem = ""
    for name, prompt in (("initial", initial), ("best", best)):
        found = pattern_of(scorer.template, task.form, prompt, examples)
        if isinstance(found, str):
            problem = found
        else:
            patterns[name] = found
    return TaskRecord(
        task=task.name,
        doc=task.doc,
        initial=patterns.get("initial"),
        best=patterns.get("best"),
        problem=problem,
        settings=scorer.settings,
        parse=scorer.reader.parse,
        metric=task.metric,
        given=task.function is not None,
        labels=task.labels,
        seen_labels=task_labels(task, scorer.metric),
        json_schema=task.json_schema,
        fields=task.fields,
        tolerance=task.tolerance,
        group=task.group,
        local=_local(graph, task),
        **_judge(task, how),
    )


def pattern_of(template: Template, form: TaskForm, prompt: Prompt, examples: Sequence[Example]) -> RequestPattern | str:
    """The pattern of the requests that `template` makes of `prompt` and `examples`; a text that says why there is none."""
    name = template.name
    if not examples:
        return "the task has no example"
    try:
        found = _pattern(template, form, prompt, examples[0])
        if found is None:
            return f"the template {name} asks for the text in a gap, which other tools don't"
        for example in examples:
            rendered = form.render(template, prompt, example)
            sent: Sent = rendered.messages or rendered.prompt
            if found.sent(example) != sent:
                return f"the template {name} does more with the input than to show it, so no other tool can fill it in"
    except PipelineError as error:
        return f"the template {name} can't be rendered: {error.problems[0].message}"
    except KeyError as error:
        return f"an example lacks the field {error.args[0]!r} that others have, so no other tool can fill it in"
    return found


def _pattern(template: Template, form: TaskForm, prompt: Prompt, example: Example) -> RequestPattern | None:
    """What `template` makes of `prompt` and marks in the places of the input of `example`; None for one with a gap."""
    salt = token_hex(16)
    names = tuple(example.input) if isinstance(example.input, dict) else (INPUT,)
    marks = {name: f"\0{salt}{number}\0" for number, name in enumerate(names)}
    marked = example.model_copy(update={"input": marks if isinstance(example.input, dict) else marks[INPUT]})
    fitting, values = form.fitting(template, prompt, marked)
    texts = fitting.texts(values)
    parts = [Part(role=mark or "user", pieces=_pieces(text, marks)) for mark, text in texts]  # type: ignore[arg-type]
    mode, trims = fitting.front.mode, fitting.front.mode == "chat" and not fitting.front.verbatim
    return None if mode == "completion" and len(parts) > 1 else RequestPattern(mode=mode, parts=tuple(parts), trims=trims)


def _pieces(text: str, marks: Mapping[str, str]) -> tuple[str | Slot, ...]:
    """`text`, cut at the marks."""
    names = {mark: name for name, mark in marks.items()}
    cut = re.split(f"({'|'.join(map(re.escape, names))})", text) if names else [text]
    return tuple(Slot(slot=names[piece]) if piece in names else piece for piece in cut if piece)


def _judge(task: Task, how: Scoring) -> dict[str, Any]:
    """The judge's template and its settings, as fields of a record; none of these without a judge."""
    if task.rubric is None:
        return {}
    rubric = load_template(Path(task.rubric))
    try:
        source = Path(task.rubric).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RunError(f"can't be read: {error.strerror}", where=task.rubric) from error
    return {"rubric": source, "judge_settings": sampling(ModelCallSpec(role="judge"), rubric, how.roles)}


def _local(graph: Graph, task: Task) -> dict[Any, LocalSettings]:
    """Settings of local models that task and pipeline give, by role."""
    none = LocalSettings()
    roles = {*task.local, *graph.local}
    found = {role: task.local.get(role, none).over(graph.local.get(role, none)) for role in sorted(roles)}
    return {role: settings for role, settings in found.items() if settings != none}
