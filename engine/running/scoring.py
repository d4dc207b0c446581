"""Score prompts on examples: render, ask the task model, read the answer, apply the metric.

All (prompt, example) pairs go to the gateway together, and the gateway decides the order. A barrier between prompts would make
each batch wait for its slowest call. An unreadable reply is a wrong answer of the model: it scores 0, is marked and counted. A
pair has no row when its call failed or was refused, the judge gave no grade, or a content filter stopped it. Such pairs are
listed as missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, product
from typing import Final

from promptwire.backend import Completion, Request, Settings
from promptwire.errors import LimitReached, ModelError, RequestRefused, Unsupported, UsageError
from promptwire.graph.steps import ModelCallSpec
from promptwire.metrics.metric import Metric
from promptwire.node import Role
from promptwire.results.report import UNREADABLE
from promptwire.running.asked_log import AskedLog
from promptwire.running.gather import cancelled, gather
from promptwire.running.generation import skippable
from promptwire.running.labels import require_labels
from promptwire.running.pair_requests import PairCall, PairRequests
from promptwire.running.row_reader import RowReader, require_unfiltered
from promptwire.running.session import Session
from promptwire.running.watched import Watched
from promptwire.templating.pair_rendering import PairRenderer
from promptwire.templating.task_request import shows_nothing
from promptwire.templating.template import Template
from promptwire.values import Example, Examples, Prompt, Prompts, Row, Scores
from promptwire.values.request_key import RequestKeys

__all__ = ["Scorer"]

_LOOKED_UP: Final = 1000
"""Most pairs that are rendered and looked up in the cache together."""
_Outcome = Row | LimitReached | RequestRefused | None
"""What became of a pair: its row, or why there is none; None for one that was skipped, filtered or left without a grade."""


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
        return self.session.task.load_template(self.asking.template)

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
    def requests(self) -> PairRequests:
        """What makes the requests."""
        step = (self.session, self.path, self.asking, PairRenderer(self.template, self.session.task.form))
        return PairRequests(*step, settings=self.settings, needs=self.metric.needs, repeats=self.repeats, log=self.log)

    @cached_property
    def reader(self) -> RowReader:
        """What makes rows of the answers."""
        step = (self.session, self.path, self.asking.role, self.roles)
        return RowReader(*step, template=self.template, metric=self.metric, log=self.log, watched=self.watched)

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
        outcomes = await self._outcomes(product(prompts.items, examples.items))
        self._tell_leader(prompts)
        found = tuple([one for one in outcomes if isinstance(one, Row)])
        limits = [one for one in outcomes if isinstance(one, LimitReached)]
        refusals = [one for one in outcomes if isinstance(one, RequestRefused)]
        if limits and not partial:  # raised last: rows of paid requests in flight are kept for ranking
            raise limits[0]
        if limits:
            self.session.note_limit(limits[0])
        if refusals and not self.session.scored_prompts.has_scores:  # nothing shows that the endpoint takes any request
            raise refusals[0]
        self.session.count_refused(self.path, refusals)
        self.session.count(self.path, UNREADABLE, sum(row.unreadable for row in found))
        await self._check_labels(found)
        perfect, scale = self.metric.seen([row.value for row in found])
        return Scores(
            metric=self.metric.name,
            perfect=perfect,
            scale=scale,
            prompts=prompts,
            examples=examples,
            rows=found,
            missing=_missing(prompts, examples, outcomes) if len(found) < len(outcomes) else (),
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
            await require_labels(self.session, self.asking.role, unlisted.output, self.path, self.requests.choosing, self.ask)

    def require(self) -> None:
        """Raise Unsupported before the first call when a model lacks what the metric needs.

        Raises UsageError for a template without the prompt or the input, under which all prompts would score alike.
        """
        if missing := shows_nothing(self.template.variables, self.session.task.placeholders):
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
            task.form.render(self.template, prompt, example)

    async def row(self, prompt: Prompt, example: Example) -> Row | None:
        """Return the row of one pair, for the report; None without a grade. It is not added to the scored prompts."""
        return await self.scored(self.requests.call(prompt, example))

    async def require_labels(self, rows: Sequence[Row]) -> None:
        """Raise Unsupported when `rows` lack labels because the model never lists one."""
        await self._check_labels(rows)

    async def _outcomes(self, pairs: Iterator[tuple[Prompt, Example]]) -> list[_Outcome]:
        """What became of each of `pairs`, as many together as a judge can be paid for."""
        found: list[_Outcome] = []
        while True:
            had, most = len(found), self.affordable
            found += await self._together(pairs if most is None else islice(pairs, most))
            if most is None or len(found) == had:
                return found

    async def _together(self, pairs: Iterator[tuple[Prompt, Example]]) -> list[_Outcome]:
        """What became of each of `pairs`: cached answers are read here, and a task is for each pair that needs a model."""
        found: list[_Outcome] = []
        tasks: dict[int, asyncio.Future[_Outcome]] = {}
        try:
            while some := list(islice(pairs, _LOOKED_UP)):
                calls = self.requests.recalled(some)
                if self.session.gateway.shared is not None:
                    await self.requests.fetch(calls, self.session.gateway.shared)
                for call in calls:
                    if call.answers is None or self.metric.needs == "judge":
                        tasks[len(found)] = asyncio.ensure_future(self._asked(call))
                        found.append(None)
                    else:
                        found.append(self._kept(call))
                if not tasks:  # nothing is in flight that others could come before: let a display and Ctrl-C have their turn
                    await asyncio.sleep(0)
        except BaseException:
            await cancelled(list(tasks.values()))
            raise
        for place, outcome in zip(tasks, await gather(list(tasks.values())), strict=True):
            found[place] = outcome
        return found

    def _kept(self, call: PairCall) -> _Outcome:
        """What became of a pair with cached answers, which no judge grades."""
        try:
            row = self.reader.read(call, call.answers or ())
        except ModelError as error:
            return self._excused(error)
        self.session.scored_prompts.add_row(self.table, row)
        return row

    async def _asked(self, call: PairCall) -> _Outcome:
        """What became of a pair, after its model or its judge was asked."""
        try:
            row = await self.scored(call)
        except (LimitReached, ModelError) as error:
            return self._excused(error)
        if row is not None:
            self.session.scored_prompts.add_row(self.table, row)
        return row

    def _excused(self, error: LimitReached | ModelError) -> LimitReached | RequestRefused | None:
        """What stands in place of a row that `error` has prevented, unless it fails the step."""
        if isinstance(error, LimitReached):
            return error
        if isinstance(error, RequestRefused) and error.filtered:
            self.session.count(self.path, "filtered")
            return None
        if self.asking.on_error == "skip" and skippable(error):
            self.session.count(self.path, "skipped")
            return None
        if isinstance(error, RequestRefused):
            return error
        raise error

    async def scored(self, call: PairCall) -> Row | None:
        """Return the row of one call, asking for what the cache does not hold; None without a grade."""
        answers = call.answers
        if answers is None:
            answers = await self._completions(call.request, n=self.repeats, asked=call.asked)
        return await self.reader.graded(call, answers, self.ask)

    async def ask(self, request: Request, role: Role | None = None, first: int = 0) -> Completion:
        """Return the completion of `request` with the sample number `first`, by the model of `role` or of the step."""
        (answer,) = answers = await self._completions(request, role, first=first)
        require_unfiltered(answers, self.path)
        return answer

    async def _completions(
        self, request: Request, role: Role | None = None, *, first: int = 0, n: int = 1, asked: RequestKeys | None = None
    ) -> tuple[Completion, ...]:
        role = role or self.asking.role
        # One stream for the whole run: at any temperature, a pair scored in round 1 comes from the cache in round 2.
        stream = self.session.stream("")
        return await self.session.gateway.ask(
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
            asked=asked,
        )


def _missing(prompts: Prompts, examples: Examples, outcomes: Sequence[_Outcome]) -> tuple[tuple[str, str], ...]:
    """Ids of prompt and example of the pairs without a row."""
    pairs = zip(product(prompts.items, examples.items), outcomes, strict=True)
    return tuple((prompt.id, example.id) for (prompt, example), one in pairs if not isinstance(one, Row))
