"""Scorer whose requests an exported form makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from promptwire.errors import Unsupported
from promptwire.exporting.form import Form, Reader
from promptwire.running.pair_requests import PairCall, PairRequests
from promptwire.running.scoring import Scorer
from promptwire.templating.pair_rendering import PairRenderer
from promptwire.templating.task_request import TaskForm
from promptwire.templating.template import Rendered, Template
from promptwire.values import Example, Prompt, Row

__all__ = ["FormReader", "FormScorer"]


class _FormRenderer(PairRenderer):
    """Renders what a form sends, whatever the prompt: it is in the form."""

    def __init__(self, template: Template, form: TaskForm, reader: Reader) -> None:
        super().__init__(template, form)
        self._reader = reader

    def render(self, prompt: Prompt, example: Example) -> Rendered:
        """Return what the form sends for `example`."""
        sent = self._reader(example)
        return Rendered((), sent, None) if isinstance(sent, str) else Rendered(sent, "", None)


@dataclass(frozen=True, slots=True)
class FormReader:
    """A form, and what it sends for an example."""

    form: Form
    """The form."""
    reader: Reader
    """What it sends, made of its written files."""


@dataclass(frozen=True)
class FormScorer(Scorer):
    """Scores the requests of an exported form."""

    exported: FormReader | None = None
    """The form and what it sends for an example."""

    @cached_property
    def requests(self) -> PairRequests:
        """What makes the requests."""
        renderer = _FormRenderer(self.template, self.session.task.form, self._exported.reader)
        step = (self.session, self.path, self.asking, renderer)
        return PairRequests(*step, settings=self.settings, needs=self.metric.needs, repeats=self.repeats)

    async def scored(self, call: PairCall) -> Row | None:
        """Return the row of one call: what the other tool takes out of the answers is read as the run reads a reply."""
        answers = call.answers
        if answers is None:
            answers = await self._completions(call.request, n=self.repeats, asked=call.asked)
        taken = [replace(answer, text=self._exported.form.taken(answer.text)) for answer in answers]
        return await self.reader.graded(call, taken, self.ask)

    @property
    def _exported(self) -> FormReader:
        assert self.exported is not None  # noqa: S101 - every use names it
        return self.exported

    def require(self) -> None:
        """Raise Unsupported when the model lacks what the metric needs."""
        request = self.requests.call(self.session.task.prompts.items[0], self.session.task.test.items[0]).request
        reason = self.session.models[self.asking.role].supports(request.kind, chat=bool(request.messages))
        if reason:
            raise Unsupported(reason, where=self.path, hint=f"the metric {self.metric.name!r} needs it")
