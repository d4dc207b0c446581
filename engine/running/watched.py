"""Metrics that a task watches: they score the answers that the task's own metric is asked for, without calls of their own."""

from __future__ import annotations

from collections.abc import Sequence

from promptwire.metrics.metric import Metric
from promptwire.running.answer_rows import Said, measured_row, said_in, task_labels
from promptwire.tasks.task import Task
from promptwire.templating.parsing import Parse, Reading
from promptwire.values import Example, Prompt, Row
from promptwire.values.scores import mean_row

__all__ = ["Watched"]


class Watched:
    """Rows of the watched metrics, by metric, prompt and example."""

    def __init__(self, task: Task) -> None:
        self.metrics: tuple[Metric, ...] = task.load_watched()
        self._labels = {metric.name: task_labels(task, metric) for metric in self.metrics}
        self._rows: dict[tuple[str, str, str], list[Row]] = {}

    def add_reply(self, prompt: Prompt, example: Example, found: Reading, parse: Parse, *, cut: bool) -> None:
        """Score what the parser `found` in a reply, which may have been `cut` off."""
        for metric in self.metrics:
            self._add(metric, prompt, example, said_in(found, parse, metric, example, self._labels[metric.name], cut=cut))

    def add_label(self, prompt: Prompt, example: Example, said: Said) -> None:
        """Score the label that the model chose."""
        for metric in self.metrics:
            self._add(metric, prompt, example, said)

    def of(self, metric: str, rows: Sequence[Row]) -> list[Row]:
        """The rows of the metric called `metric` for the prompts and examples of `rows`."""
        found = (mean_row(self._rows[metric, row.prompt, row.example]) for row in rows)
        return [row for row in found if row is not None]

    def _add(self, metric: Metric, prompt: Prompt, example: Example, said: Said) -> None:
        row = measured_row(metric, prompt, example, said, self._labels[metric.name])
        self._rows.setdefault((metric.name, prompt.id, example.id), []).append(row)
