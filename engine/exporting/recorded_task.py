"""The task of a run, made again from its folder, so that answers are read and scored as in the run."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from promptwire.errors import UsageError
from promptwire.exporting.exported import Exported
from promptwire.metrics.metric import Metric, find_metric
from promptwire.results.task_record import TaskRecord
from promptwire.tasks.task import Task
from promptwire.values import Example, Examples, Prompts

__all__ = ["recorded_metric", "recorded_task"]

_REQUEST: Final = "{{ prompt }}\n{{ example }}"
"""Source of a template that is never rendered: a form makes the requests."""


def recorded_metric(source: Exported) -> Metric:
    """The metric of the run. Raises UsageError for one that can't be had again, or that gives no values."""
    record, where = source.record, str(source.run.folder)
    if record.given:
        hint = "the comparison of requests needs no metric; or write the metric into a plug-in and run with it"
        raise UsageError(f"the metric {record.metric} of this run was a function given in Python", where=where, hint=hint)
    found = find_metric(record.metric)
    if not found.valued:
        raise UsageError(f"the metric {record.metric} gives no values, so there are no scores to verify", where=where)
    return found


def recorded_task(source: Exported, folder: Path) -> Task:
    """The task of the run with its held-out examples. The judge's template is written into `folder`."""
    record = source.record
    rubric = None
    if record.rubric:
        rubric = folder / "rubric.j2"
        rubric.write_text(record.rubric, encoding="utf-8")
    return Task(
        name=record.task,
        doc=record.doc,
        prompts=Prompts.of([source.prompt]),
        train=_train(record, source.tests),
        dev=None,
        test=Examples.of(source.tests),
        template="task.json",
        messages=_REQUEST,
        metric=record.metric,
        json_schema=record.json_schema,
        fields=record.fields,
        tolerance=record.tolerance,
        rubric=None if rubric is None else str(rubric),
        labels=record.labels,
        group=record.group,
        settings=record.settings,
        local=record.local,
        parse=record.parse,
    )


def _train(record: TaskRecord, tests: tuple[Example, ...]) -> Examples:
    """Examples whose outputs make the labels that the run saw in train: each twice, since labels are outputs that recur."""
    like = tests[0]
    made = (
        like.model_copy(update={"input": _input(like, number), "outputs": (label,), "turns": ()})
        for number in (1, 2)
        for label in record.seen_labels
    )
    return Examples.of(made) if record.seen_labels else Examples.of(tests[:1])


def _input(like: Example, number: int) -> str | dict[str, str]:
    return dict.fromkeys(like.input, str(number)) if isinstance(like.input, dict) else str(number)
