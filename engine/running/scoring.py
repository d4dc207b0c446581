"""Score prompts on examples: render, ask the task model, read the answer, apply the metric.

All (prompt, example) pairs go to the gateway together, and the gateway decides the order. A barrier between prompts would make
each batch wait for its slowest call. An unreadable reply is a wrong answer of the model: it scores 0, is marked and counted. A
pair has no row when its call failed or was refused, the judge gave no grade, or a content filter stopped it. Such pairs are
listed as missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from promptwire.backend import Completion, Request, Settings
from promptwire.cache.record import filtered
from promptwire.errors import LimitReached, ModelError, RequestRefused, Unsupported, UsageError
from promptwire.graph.steps import ModelCallSpec
from promptwire.metrics.metric import Metric
from promptwire.node import Role
from promptwire.running.answer_rows import Said, measured_row, said_in, task_labels
from promptwire.running.asked_log import AskedLog, Exchange
from promptwire.running.gather import gather
from promptwire.running.generation import request_for, skippable
from promptwire.running.judge import Judge
from promptwire.running.labels import require_labels
from promptwire.running.session import Session
from promptwire.running.watched import Watched
from promptwire.templating.parsing import reading
from promptwire.templating.task_prompt import joined_slots, shows_nothing
from promptwire.templating.template import Template, load_template
from promptwire.values import Example, Examples, Prompt, Prompts, Row, Scores
from promptwire.values.scores import mean_row

__all__ = ["Scorer"]


@dataclass(frozen=True)
class Scorer:
    """Scores prompts for one step."""

    session: Session
    path: str
    """Path of the step."""
    asking: ModelCallSpec
    roles: Mapping[Role, Settings]
    """The pipeline's settings by role."""
    repeats: int = 1
    """Answers per prompt and example. A row's value is their mean."""
    log: AskedLog | None = None
    """Log of some of its requests."""
    watched: Watched | None = None
    """Metrics that score the same answers beside the step's own."""

    @cached_property
    def template(self) -> Template:
        """Template that joins prompt and input: the step's own, or the task's."""
        return load_template(Path(self.asking.template or self.session.task.template))

    @cached_property
    def metric(self) -> Metric:
        """Metric of the step, or else of the task."""
        return self.session.task.load_metric(self.asking.metric)

    @cached_property
    def settings(self) -> Settings:
        """Sampling settings: the step's, the task's, the pipeline's by role, the template's, then temperature 0."""
        own = replace(self.asking, settings=self.asking.settings.over(self.session.task.settings))
        return self.session.settings(own, self.template, self.roles)

    @cached_property
    def judge(self) -> Judge:
        """Judge of the step."""
        return Judge(self.session, self.path, self.roles, self.log)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Labels of the task, for the step's metric."""
        return task_labels(self.session.task, self.metric)

    @cached_property
    def table(self) -> str:
        """Name of the table of scores that its rows belong to: only rows of one metric and one template are compared."""
        return f"{self.metric.name} {self.template.name}"

    @property
    def affordable(self) -> int | None:
        """How many rows of two calls per answer, the answer and its grade, to score at a time; None for any number."""
        most = self.session.affordable([self.asking.role, "judge"]) if self.metric.needs == "judge" else None
        return None if most is None else max(1, most // self.repeats)

    async def score(self, prompts: Prompts, examples: Examples, partial: bool) -> Scores:
        """Return one row per (prompt, example), prompt by prompt; see `Context.score`."""
        self.require()
        self.session.scored_prompts.add_prompts(prompts.items)
        pairs = [(prompt, example) for prompt in prompts.items for example in examples.items]
        limits, refusals, rows = await self._rows(pairs)
        self._tell_leader(prompts)
        found = tuple(row for row in rows if row is not None)
        if limits and not partial:  # raised last: rows of paid requests in flight are kept for ranking
            raise limits[0]
        if limits:
            self.session.note_limit(limits[0])
        if refusals and not self.session.scored_prompts.has_scores:  # nothing shows that the endpoint takes any request
            raise refusals[0]
        self.session.count_refused(self.path, refusals)
        self.session.count(self.path, "unreadable", sum(row.unreadable for row in found))
        await self._check_labels(found)
        perfect, scale = self.metric.seen([row.value for row in found])
        return Scores(
            metric=self.metric.name,
            perfect=perfect,
            scale=scale,
            prompts=prompts,
            examples=examples,
            rows=found,
            missing=tuple((prompt.id, example.id) for (prompt, example), row in zip(pairs, rows, strict=True) if row is None),
        )

    def _tell_leader(self, prompts: Prompts) -> None:
        """Write the search's leader to the trace when it or its score has changed."""
        leader = self.session.scored_prompts.new_leader(self.table, prompts.items)
        if leader is not None:
            prompt, score, n = leader
            facts = {"metric": self.metric.name, "id": prompt.id, "prompt": prompt.text, "score": round(score, 6)}
            self.session.trace.event("leader", path=self.path, **facts, examples=n)

    async def _check_labels(self, rows: Sequence[Row]) -> None:
        """Raise Unsupported when `rows` lack labels and the model lists none for plain prompts either."""
        unlisted = next((row for row in rows if not row.readable), None)
        if self.metric.needs == "choice" and unlisted is not None and all(row.likelihood is None for row in rows):
            await require_labels(self.session, self.asking.role, unlisted.output, self.path, self._choosing_of, self.ask)

    def require(self) -> None:
        """Raise Unsupported before the first call when a model lacks what the metric needs.

        Raises UsageError for a template without the prompt or the input, under which all prompts would score alike.
        """
        if missing := shows_nothing(self.template.variables):
            hint = "a task template reads `prompt` and `example` (or `input`)"
            raise UsageError(f"the task template {self.template.name} {missing}", where=self.path, hint=hint)
        self._rehearse()
        chat = self.template.front.mode == "chat"
        kind = {"choice": "choose", "logprob": "logprob"}.get(self.metric.needs, "generate")
        reason = self.session.models[self.asking.role].supports(kind, chat=chat)  # type: ignore[arg-type]
        if reason:
            raise Unsupported(reason, where=self.path, hint=f"the metric {self.metric.name!r} needs it")

    def _rehearse(self) -> None:
        """Render the template with the first prompt and example, since only the data show an input's fields."""
        task = self.session.task
        for prompt, example in zip(task.prompts.items[:1], task.train.items[:1], strict=False):
            self.template.render(joined_slots(prompt, example, task.labels))

    async def row(self, prompt: Prompt, example: Example) -> Row | None:
        """Return the row of one pair, for the report; None without a grade. It is not added to the scored prompts."""
        return await self._scored(prompt, example)

    async def require_labels(self, rows: Sequence[Row]) -> None:
        """Raise Unsupported when `rows` lack labels because the model never lists one."""
        await self._check_labels(rows)

    async def _rows(
        self, pairs: Sequence[tuple[Prompt, Example]]
    ) -> tuple[list[LimitReached], list[RequestRefused], list[Row | None]]:
        """Return the limits and refusals that left pairs without a row, and the row of each pair, in the order of `pairs`."""
        found: list[Row | LimitReached | RequestRefused | None] = []
        while len(found) < len(pairs):
            some = pairs[len(found) :][: self.affordable]
            found += await gather([self._row(prompt, example) for prompt, example in some])
        limits = [one for one in found if isinstance(one, LimitReached)]
        refusals = [one for one in found if isinstance(one, RequestRefused)]
        return limits, refusals, [one if isinstance(one, Row) else None for one in found]

    async def _row(self, prompt: Prompt, example: Example) -> Row | LimitReached | RequestRefused | None:
        try:
            row = await self._scored(prompt, example)
        except LimitReached as limit:
            return limit
        except ModelError as error:
            if isinstance(error, RequestRefused) and error.filtered:
                self.session.count(self.path, "filtered")
                return None
            if self.asking.on_error == "skip" and skippable(error):
                self.session.count(self.path, "skipped")
                return None
            if isinstance(error, RequestRefused):
                return error
            raise
        if row is not None:
            self.session.scored_prompts.add_row(self.table, row)
        return row

    async def _scored(self, prompt: Prompt, example: Example) -> Row | None:
        request = self._request(prompt, example)
        if self.metric.needs == "choice":
            request = self._choosing(request)
        elif self.metric.needs == "logprob":
            request = Request("logprob", request.messages, request.prompt, options=(example.output,))
        order = self.log.next_order() if self.log is not None else 0
        kept = self.log is not None and self.log.keeps(prompt.id)
        answers = await self._completions(request, n=self.repeats)
        rows = [await self._read(prompt, example, request, answer) for answer in answers]
        if self.log is not None:
            backend, facts = self.session.models[self.asking.role], {"template": self.template.name}
            exchange = Exchange(request, backend, self.asking.role, self.session.stream(""), facts, order=order)
            self.log.write_scored(exchange, (prompt.id, example.id), answers, rows, kept=kept)
        return mean_row([row for row in rows if row is not None])

    async def _read(self, prompt: Prompt, example: Example, request: Request, answer: Completion) -> Row | None:
        """The row of one answer; None without a grade."""
        if self.metric.needs == "choice":
            return self._choice(prompt, example, answer)
        if self.metric.needs == "logprob":
            mean = sum(answer.weights) / len(answer.weights)
            return Row(prompt.id, example.id, example.output, example.output, mean)
        parse = self.session.task.parse or self.template.front.parse
        found = reading(answer.text, parse, cut=answer.cut_off)
        said = said_in(found, parse, self.metric, example, self.labels, cut=answer.cut_off)
        cut = answer.cut_off and not said.readable
        self.session.truncations.add(self.path, request.settings.max_tokens, cut=cut)
        self.session.count(self.path, "cut off", cut)
        self.session.count(self.path, "marks mended", found.mended)
        if self.watched is not None:
            self.watched.add_reply(prompt, example, found, parse, cut=answer.cut_off)
        if self.metric.needs == "judge" and said.measurable:
            graded = await self.judge.grade(prompt, example, said.text, self.ask)
            return Row(prompt.id, example.id, said.output, said.text, graded[0], feedback=graded[1]) if graded else None
        return measured_row(self.metric, prompt, example, said, self.labels)

    def _request(self, prompt: Prompt, example: Example) -> Request:
        return request_for(self.template.render(joined_slots(prompt, example, self.session.task.labels)), self.settings)

    def _choosing_of(self, prompt: Prompt, example: Example) -> Request:
        return self._choosing(self._request(prompt, example))

    def _choosing(self, request: Request) -> Request:
        return Request("choose", request.messages, request.prompt, options=self.session.task.labels)

    def _choice(self, prompt: Prompt, example: Example, answer: Completion) -> Row:
        """Grade the likeliest label; among equals the first one named. Without a label the answer is wrong and unreadable."""
        labels = self.session.task.labels
        likeliest = max(range(len(labels)), key=lambda index: (answer.weights[index], -index)) if answer.weights else None
        said = Said("", answer.text, False, False) if likeliest is None else Said(labels[likeliest], labels[likeliest])
        if self.watched is not None:
            self.watched.add_label(prompt, example, said)
        weight = None if likeliest is None else answer.weights[labels.index(example.output)]
        return measured_row(self.metric, prompt, example, said, labels, likelihood=weight)

    async def ask(self, request: Request, role: Role | None = None, first: int = 0) -> Completion:
        """Return the completion of `request` with the sample number `first`, by the model of `role` or of the step."""
        (answer,) = await self._completions(request, role, first=first)
        return answer

    async def _completions(
        self, request: Request, role: Role | None = None, *, first: int = 0, n: int = 1
    ) -> tuple[Completion, ...]:
        role = role or self.asking.role
        # One stream for the whole run: at any temperature, a pair scored in round 1 comes from the cache in round 2.
        stream = self.session.stream("")
        answers = await self.session.gateway.ask(
            self.session.models[role],
            request,
            n=n,
            first=first,
            stream=stream,
            policy=self.asking.cache,
            node=self.path,
            role=role,
            rounds=self.asking.rounds,
            stage=self.session.stage,
        )
        if any(map(filtered, answers)):
            refused = RequestRefused("a content filter refused this content", where=self.path)
            refused.filtered = True
            raise refused
        return answers
