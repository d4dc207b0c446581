"""Score two prompts on the same examples, for the report: a search that is paid for must come to its result.

An example is left out, for both prompts, when either call is refused for good or its answer can't be graded. It is counted and
named. A lost endpoint still ends the run: the same command then goes on from the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from promptwire.errors import CacheError, LimitReached, ModelError, NodeError, ReplyError, RequestRefused, TransientError
from promptwire.running.gather import gather
from promptwire.running.scoring import Scorer
from promptwire.values import Example, Examples, Prompt, Row
from promptwire.values.hashing import digest

__all__ = ["HeldOutScores", "draw_examples"]

_TOGETHER: Final = 32
"""Examples that are scored at once."""
_LOST: Final = 0.1
"""Share of the examples whose calls may fail in passing, even after all tries; beyond, the endpoint counts as lost."""

Failed = ModelError | ReplyError | NodeError | CacheError


def draw_examples(examples: Examples, most: int | None = None) -> tuple[Example, ...]:
    """`examples` in a drawn order that depends on each example alone, or the first `most` of that order.

    So a sample, or what a limit leaves, is none of the first rows of a sorted file, and is the same in every run.
    """
    return tuple(sorted(examples.items, key=lambda example: digest(["report", example.id]))[:most])


@dataclass(slots=True)
class HeldOutScores:
    """The rows of the first and of the second prompt, example by example."""

    scorer: Scorer
    initial: Prompt
    best: Prompt
    pairs: list[tuple[Row, Row]] = field(default_factory=list)
    """Rows of the initial and of the best prompt."""
    left_out: list[tuple[Example, Failed]] = field(default_factory=list)
    """Examples that can't be scored with both prompts, and why."""

    async def score(self, examples: Sequence[Example], *, partial: bool, forgiving: bool) -> None:
        """Score both prompts on `examples`; with `partial`, as far as the budget goes.

        Raises ModelError when the endpoint is lost; with `forgiving`, nothing that a call may fail with.
        """
        self.scorer.require()
        for start in range(0, len(examples), _TOGETHER):
            # Some examples at a time, and each with both prompts, so that a budget that runs out leaves whole pairs.
            some = examples[start : start + _TOGETHER]
            had, failed = len(self.pairs), []
            for example, found in zip(some, await gather([self._pair(example) for example in some]), strict=True):
                if isinstance(found, LimitReached):
                    if not partial:
                        raise found
                    self._stop(found)
                elif isinstance(found, tuple):
                    self.pairs.append(found)
                else:
                    failed.append((example, found))
            self.left_out += failed
            passing = [error for _, error in failed if not _for_good(error)]
            if passing and (len(self.pairs) == had or self._lost(len(examples)) or not isinstance(passing[0], TransientError)):
                if forgiving:
                    return
                raise passing[0]
        if not forgiving:
            await self.scorer.require_labels([row for pair in self.pairs for row in pair])

    def _lost(self, examples: int) -> bool:
        return sum(isinstance(error, TransientError) for _, error in self.left_out) > _LOST * examples

    def _stop(self, limit: LimitReached) -> None:
        session = self.scorer.session
        if not session.limits_hit or not session.limits_hit[-1].startswith(limit.problem):
            session.note_limit(limit)

    async def _pair(self, example: Example) -> tuple[Row, Row] | LimitReached | Failed:
        first, second = self.initial, self.best
        rows = await gather([self._row(prompt, example) for prompt in ([first, second] if first.id != second.id else [first])])
        limit = next((row for row in rows if isinstance(row, LimitReached)), None)
        failed = [row for row in rows if not isinstance(row, Row | LimitReached)]
        # A failure that may pass goes first: it decides whether the run can go on.
        worst = next((error for error in failed if not _for_good(error)), failed[0] if failed else limit)
        return worst if worst is not None else (rows[0], rows[-1])  # type: ignore[return-value]

    async def _row(self, prompt: Prompt, example: Example) -> Row | LimitReached | Failed:
        try:
            row = await self.scorer.row(prompt, example)
            return NodeError("the judge gave no grade", where=self.scorer.path) if row is None else row
        except (LimitReached, ModelError, ReplyError, NodeError, CacheError) as error:
            return error


def _for_good(error: Failed) -> bool:
    """Whether the same call fails however often it is made."""
    return isinstance(error, RequestRefused | ReplyError | NodeError)
