"""Score two prompts on the same examples for the report, and tolerate single failures.

An example is left out for both prompts when either call is refused permanently or its answer can't be graded. The report counts
and names it. So single failures don't cost a paid search its result. A lost endpoint still ends the run. The same command then
continues from the cache.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial as bound
from itertools import islice
from typing import Final

from promptwire.errors import CacheError, LimitReached, ModelError, NodeError, ReplyError, RequestRefused, TransientError
from promptwire.graph.model_calls import RETRIES
from promptwire.node import Role
from promptwire.running.gather import gather, in_order
from promptwire.running.pair_requests import PairCall
from promptwire.running.scoring import Scorer
from promptwire.tasks.splits import group_of
from promptwire.values import Example, Examples, Prompt, Row
from promptwire.values.hashing import digest

__all__ = ["HeldOutScores", "draw_examples"]

_TOGETHER: Final = 32
"""Examples after which it is looked whether the endpoint is lost. No more are scored at a time where a limit may be reached."""
_FEW: Final = 4
"""Requests at a time up to which a model is asked prompt by prompt."""
_LOST: Final = 0.1
"""Largest share of examples that may fail with a transient error after all tries. Above it the endpoint counts as lost."""

Failed = ModelError | ReplyError | NodeError | CacheError
Found = tuple[Row, Row] | LimitReached | Failed
"""What came of an example: the rows of both prompts, or why there are none."""


def draw_examples(examples: Examples, most: int | None = None) -> tuple[Example, ...]:
    """Return `examples` in a pseudo-random order, at most the first `most` of it.

    The position of an example follows from its id alone. So a sample is the same in every run, not the head of a sorted file.
    The same holds for the examples that are scored before a limit.
    """
    return tuple(sorted(examples.items, key=lambda example: digest(["report", example.id]))[:most])


@dataclass(slots=True)
class HeldOutScores:
    """Rows of the initial and of the best prompt on the same examples."""

    scorer: Scorer
    initial: Prompt
    best: Prompt
    pairs: list[tuple[Row, Row]] = field(default_factory=list)
    """Rows of the initial and of the best prompt."""
    left_out: list[tuple[Example, Failed]] = field(default_factory=list)
    """Examples that can't be scored with both prompts, with the error."""
    _ahead: Iterator[Example] = field(default_factory=lambda: iter(()))
    """Examples whose calls are not looked up yet."""
    _looked_up: dict[str, list[PairCall]] = field(default_factory=dict)
    """Calls of the next examples, by example id."""

    @property
    def same_prompt(self) -> bool:
        """Whether the search returned the initial prompt."""
        return self.initial.id == self.best.id

    @property
    def rows(self) -> list[Row]:
        """All rows, prompt by prompt; those of one prompt when both are the same."""
        first, second = self.sides()
        return first if self.same_prompt else [*first, *second]

    def sides(self, metric: str = "") -> tuple[list[Row], list[Row]]:
        """Rows of the initial and of the best prompt, in the order of `pairs`; by the watched metric called `metric`."""
        first, second = [mine for mine, _ in self.pairs], [other for _, other in self.pairs]
        watched = self.scorer.watched
        return (watched.of(metric, first), watched.of(metric, second)) if metric and watched else (first, second)

    @property
    def groups(self) -> list[str] | None:
        """Group of each pair's example; None for a task whose examples are independent."""
        task = self.scorer.session.task
        if task.group is None:
            return None
        names = {one.id: group_of(one, task.group) for one in (*task.test.items, *task.train.items)}
        return [names[mine.example] for mine, _ in self.pairs]

    async def score(self, examples: Sequence[Example], *, partial: bool, forgiving: bool) -> None:
        """Score both prompts on `examples`; with `partial`, until the budget runs out.

        Raises ModelError when the endpoint is lost. With `forgiving`, raises no error of a call.
        """
        self.scorer.require()
        async with aclosing(self._found(examples)) as batches:
            async for batch in batches:
                had, failed = len(self.pairs), []
                for example, found in batch:
                    if isinstance(found, LimitReached):
                        if not partial:
                            raise found
                        self.stop(found)
                    elif isinstance(found, tuple):
                        self.pairs.append(found)
                    else:
                        failed.append((example, found))
                self.left_out += failed
                passing = [error for _, error in failed if not _for_good(error)]
                known = passing and isinstance(passing[0], TransientError)
                if passing and (len(self.pairs) == had or self._lost(len(examples)) or not known):
                    if forgiving:
                        return
                    raise passing[0]
        if not forgiving:
            await self.scorer.require_labels([row for pair in self.pairs for row in pair])

    def needs(self, examples: int) -> Mapping[Role, int]:
        """The most calls of each role for so many examples."""
        scorer = self.scorer
        answers = examples * (1 + (not self.same_prompt)) * scorer.repeats
        calls: dict[Role, int] = {scorer.asking.role: answers}
        if scorer.metric.needs == "judge":
            calls["judge"] = answers * (RETRIES + 1)
        return calls

    async def _found(self, examples: Sequence[Example]) -> AsyncGenerator[Sequence[tuple[Example, Found]], None]:
        """What came of each example, some examples at a time, in their order."""
        session, self._ahead = self.scorer.session, iter(examples)
        if not session.gateway.budget.surely_holds(self.needs(len(examples))):
            done = 0
            while done < len(examples):
                # A few examples at a time, each with both prompts: a budget that runs out then leaves complete pairs.
                some = examples[done:][: self._together()]
                done += len(some)
                yield list(zip(some, await gather([self._pair(example) for example in some]), strict=True))
            return
        parallel = session.models[self.scorer.asking.role].parallel
        if parallel <= _FEW:
            for start in range(0, len(examples), _TOGETHER):
                some = examples[start : start + _TOGETHER]
                yield list(zip(some, await self._prompt_by_prompt(some), strict=True))
            return
        most = max(_TOGETHER, parallel)
        async with aclosing(in_order([bound(self._pair, example) for example in examples], most)) as results:
            batch: list[tuple[Example, Found]] = []
            for example in examples:
                batch.append((example, await anext(results)))
                if len(batch) == _TOGETHER:
                    yield batch
                    batch = []
            yield batch

    def _together(self) -> int:
        """How many examples to score at a time."""
        rows = self.scorer.affordable
        return _TOGETHER if rows is None else max(1, min(_TOGETHER, rows // (1 + (not self.same_prompt))))

    def _lost(self, examples: int) -> bool:
        return sum(isinstance(error, TransientError) for _, error in self.left_out) > _LOST * examples

    def stop(self, limit: LimitReached) -> None:
        """Note that `limit` left examples without a score."""
        session = self.scorer.session
        if not session.limits_hit or not session.limits_hit[-1].startswith(limit.problem):
            session.note_limit(limit)

    def _calls(self, example: Example) -> list[PairCall]:
        """The calls for `example`. Those for the next examples are looked up in the cache with them."""
        requests, prompts = self.scorer.requests, [self.initial] if self.same_prompt else [self.initial, self.best]
        while example.id not in self._looked_up and (some := list(islice(self._ahead, _TOGETHER))):
            for call in requests.recalled([(prompt, one) for one in some for prompt in prompts]):
                self._looked_up.setdefault(call.example.id, []).append(call)
        return self._looked_up.pop(example.id, None) or [requests.call(prompt, example) for prompt in prompts]

    async def _pair(self, example: Example) -> Found:
        calls = self._calls(example)
        if self.scorer.metric.needs != "judge" and all(call.answers is not None for call in calls):
            rows: Sequence[Row | LimitReached | Failed] = [await self._row(call) for call in calls]  # waits for nothing
        else:
            rows = await gather([self._row(call) for call in calls])
        return _outcome(rows)

    async def _prompt_by_prompt(self, examples: Sequence[Example]) -> list[Found]:
        """What came of each example, asked in the order of the prompts.

        A model on this machine answers few requests at a time, and holds the beginning of the last ones in its prompt cache.
        """
        calls = [self._calls(example) for example in examples]
        rows = await gather([self._row(call) for one_prompt in zip(*calls, strict=True) for call in one_prompt])
        return [_outcome(rows[number :: len(examples)]) for number in range(len(examples))]

    async def _row(self, call: PairCall) -> Row | LimitReached | Failed:
        try:
            row = await self.scorer.scored(call)
            return NodeError("the judge gave no grade", where=self.scorer.path) if row is None else row
        except (LimitReached, ModelError, ReplyError, NodeError, CacheError) as error:
            return error


def _outcome(rows: Sequence[Row | LimitReached | Failed]) -> Found:
    """What came of an example whose prompts gave `rows`."""
    scored = [row for row in rows if isinstance(row, Row)]
    if len(scored) == len(rows):
        return scored[0], scored[-1]
    failed = [row for row in rows if not isinstance(row, Row | LimitReached)]
    # A transient error goes first: it decides whether the run can continue.
    worst = next((error for error in failed if not _for_good(error)), failed[0] if failed else None)
    return worst or next(row for row in rows if isinstance(row, LimitReached))


def _for_good(error: Failed) -> bool:
    """Whether the same call would fail again."""
    return isinstance(error, RequestRefused | ReplyError | NodeError)
