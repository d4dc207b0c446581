"""Make a row of one reply by one metric: what was said, what the metric read in it, its value and the right answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptwire.metrics.metric import Metric
from promptwire.running.truncation import answer_before_cut
from promptwire.tasks.task import Task
from promptwire.templating.parsing import Parse, Reading
from promptwire.values import Example, Prompt, Row
from promptwire.values.scores import NO_VALUE

__all__ = ["Said", "measured_row", "said_in", "task_labels", "unread_row"]

_LABELS = 50
"""Most different outputs of a task that are taken as its labels."""


@dataclass(frozen=True, slots=True)
class Said:
    """The answer in one reply."""

    text: str
    """The answer."""
    output: str
    """The reply that the answer was read out of."""
    readable: bool = True
    """Whether the parser found an answer."""
    measurable: bool = True
    """Whether a metric can read the text: an unreadable reply may count as the answer, if the parser says so."""


def said_in(found: Reading, parse: Parse, metric: Metric, example: Example, labels: Sequence[str], *, cut: bool) -> Said:
    """The answer that the parser `found` in a reply. In a reply that was `cut` off, `metric` may find one before the cut."""
    text, output, readable = found.answers[-1] if found.answers else "", found.text, found.readable
    if cut and not readable and (parse.whole_reply or parse.line == "first"):
        before = answer_before_cut(found.text, metric, example, labels)
        text, output, readable = before or "", before or output, before is not None
    return Said(text, output, readable, readable or (not cut and parse.fallback == "raw"))


def measured_row(
    metric: Metric, prompt: Prompt, example: Example, said: Said, labels: Sequence[str], *, likelihood: float | None = None
) -> Row:
    """The row of an answer by `metric`; `labels` are those of the task."""
    if not said.measurable:
        return unread_row(metric, prompt, example, said.output, labels)
    taken = metric.measure(said.text, example, labels)
    clear = said.readable and taken.readable
    return Row(
        prompt.id,
        example.id,
        said.output,
        taken.read,
        taken.value,
        clear,
        likelihood=likelihood,
        feedback=taken.feedback,
        truth=metric.truth(taken.read if clear else "", example, labels) if metric.truth else "",
    )


def unread_row(metric: Metric, prompt: Prompt, example: Example, output: str, labels: Sequence[str]) -> Row:
    """The row of an unreadable reply: a wrong answer, if the metric gives answers a value."""
    truth = metric.truth("", example, labels) if metric.truth else ""
    return Row(prompt.id, example.id, output, "", 0.0 if metric.valued else NO_VALUE, False, truth=truth)


def task_labels(task: Task, metric: Metric) -> tuple[str, ...]:
    """The labels that `task` names, or else its train outputs if the same ones recur or `metric` compares labels."""
    found = tuple(dict.fromkeys(output for example in task.train.items for output in example.outputs))
    recur = 1 < len(found) <= min(_LABELS, len(task.train) // 2)
    return task.labels or (found if recur or metric.truth is not None else ())
