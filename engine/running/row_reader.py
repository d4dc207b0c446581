"""Make rows of the answers to one prompt and example: read, measure or grade, count and log them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from promptwire.backend import Completion, Settings
from promptwire.cache.record import filtered
from promptwire.errors import RequestRefused
from promptwire.metrics.metric import Metric
from promptwire.node import Role
from promptwire.running.answer_rows import Said, measured_row, said_in, task_labels
from promptwire.running.asked_log import AskedLog, Exchange
from promptwire.running.gather import gather
from promptwire.running.judge import Ask, Judge
from promptwire.running.pair_requests import PairCall
from promptwire.running.session import Session
from promptwire.running.watched import Watched
from promptwire.templating.parsing import Parse, Reading, reading
from promptwire.templating.template import Template
from promptwire.values import Example, Prompt, Row
from promptwire.values.scores import mean_row

__all__ = ["RowReader", "require_unfiltered"]

_SHORT: Final = 200
"""Longest reply, in characters, whose reading is remembered."""
_REMEMBERED: Final = 4096
"""Most replies whose reading is remembered."""


@dataclass(frozen=True)
class RowReader:
    """Makes rows for one step."""

    session: Session
    path: str
    """Path of the step."""
    role: Role
    """Role of the model that answers."""
    roles: Mapping[Role, Settings]
    """The pipeline's settings by role."""
    template: Template
    """Template of the requests."""
    metric: Metric
    """Metric of the step."""
    log: AskedLog | None = None
    """Log of some of its requests."""
    watched: Watched | None = None
    """Metrics that score the same answers beside the step's own."""

    _readings: dict[tuple[str, bool], Reading] = field(default_factory=dict)
    """What was found in short replies, by their text and whether they were cut off."""

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Labels of the task, for the step's metric."""
        return task_labels(self.session.task, self.metric)

    @cached_property
    def parse(self) -> Parse:
        """The rule to read a reply."""
        return self.session.task.parse or self.template.front.parse

    @cached_property
    def judge(self) -> Judge:
        """Judge of the step."""
        return Judge(self.session, self.path, self.roles, self.log)

    def read(self, call: PairCall, answers: Sequence[Completion]) -> Row:
        """Return the row of `answers`, by a metric that needs no judge. Raises RequestRefused for a filtered answer."""
        require_unfiltered(answers, self.path)
        row = self._logged(call, answers, [self._read(call, answer) for answer in answers])
        assert row is not None  # noqa: S101 - every answer has a row
        return row

    async def graded(self, call: PairCall, answers: Sequence[Completion], ask: Ask) -> Row | None:
        """Return the row of `answers` by any metric; None without a grade. `ask` gets the judge's replies."""
        if self.metric.needs != "judge":
            return self.read(call, answers)
        require_unfiltered(answers, self.path)
        rows = await gather([self._graded(call, answer, ask) for answer in answers])
        return self._logged(call, answers, rows)

    def _logged(self, call: PairCall, answers: Sequence[Completion], rows: Sequence[Row | None]) -> Row | None:
        """The mean of `rows`, after the request was logged."""
        if self.log is not None and (call.kept or not all(row is not None and row.readable for row in rows)):
            backend, facts = self.session.models[self.role], {"template": self.template.name}
            exchange = Exchange(call.request, backend, self.role, self.session.stream(""), facts, order=call.order)
            self.log.write_scored(exchange, (call.prompt.id, call.example.id), answers, rows, kept=call.kept)
        return rows[0] if len(rows) == 1 else mean_row([row for row in rows if row is not None])

    def _read(self, call: PairCall, answer: Completion) -> Row:
        """The row of one answer, by a metric that needs no judge."""
        prompt, example = call.prompt, call.example
        if self.metric.needs == "choice":
            return self._choice(prompt, example, answer)
        if self.metric.needs == "logprob":
            mean = sum(answer.weights) / len(answer.weights)
            return Row(prompt.id, example.id, example.output, example.output, mean)
        return measured_row(self.metric, prompt, example, self._said(call, answer), self.labels)

    async def _graded(self, call: PairCall, answer: Completion, ask: Ask) -> Row | None:
        """The row of one answer with the judge's grade; None without one."""
        prompt, example, said = call.prompt, call.example, self._said(call, answer)
        if not said.measurable:
            return measured_row(self.metric, prompt, example, said, self.labels)
        graded = await self.judge.grade(prompt, example, said.text, ask)
        return Row(prompt.id, example.id, said.output, said.text, graded[0], feedback=graded[1]) if graded else None

    def _said(self, call: PairCall, answer: Completion) -> Said:
        """What one answer says, counted."""
        parse, cut_off = self.parse, answer.cut_off
        found = self._reading(answer.text, parse, cut=cut_off)
        said = said_in(found, parse, self.metric, call.example, self.labels, cut=cut_off)
        cut = cut_off and not said.readable
        self.session.truncations.add(self.path, call.request.settings.max_tokens, cut=cut)
        if cut:
            self.session.count(self.path, "cut off")
        if found.mended:
            self.session.count(self.path, "marks mended", found.mended)
        if self.watched is not None:
            self.watched.add_reply(call.prompt, call.example, found, parse, cut=cut_off)
        return said

    def _reading(self, text: str, parse: Parse, *, cut: bool) -> Reading:
        """What `parse` finds in a reply. Short replies are alike, so each is read once."""
        if len(text) > _SHORT:
            return reading(text, parse, cut=cut)
        found = self._readings.get((text, cut))
        if found is None:
            found = reading(text, parse, cut=cut)
            if len(self._readings) < _REMEMBERED:
                self._readings[text, cut] = found
        return found

    def _choice(self, prompt: Prompt, example: Example, answer: Completion) -> Row:
        """Grade the likeliest label; among equals the first one named. Without a label the answer is wrong and unreadable."""
        labels = self.session.task.labels
        likeliest = max(range(len(labels)), key=lambda index: (answer.weights[index], -index)) if answer.weights else None
        said = Said("", answer.text, False, False) if likeliest is None else Said(labels[likeliest], labels[likeliest])
        if self.watched is not None:
            self.watched.add_label(prompt, example, said)
        weight = None if likeliest is None else answer.weights[labels.index(example.output)]
        return measured_row(self.metric, prompt, example, said, labels, likelihood=weight)


def require_unfiltered(answers: Sequence[Completion], path: str) -> None:
    """Raise RequestRefused when a content filter blocked one of the `answers` to the step at `path`."""
    if any(map(filtered, answers)):
        refused = RequestRefused("a content filter refused this content", where=path)
        refused.filtered = True
        raise refused
