"""Pulls of a selection: which prompts were scored on which examples so far, and what is left of the budget.

A pull scores one prompt on one example. All prompts use one shuffled order of the examples, and no pull repeats an example.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence

from promptwire.node_context import Context
from promptwire.stats.bandits import Arm, split_budget
from promptwire.stats.early_stop import Standing, beaten, bounded
from promptwire.stats.prompt_score import rows_score
from promptwire.stats.ranking import merit, ranked
from promptwire.values import Example, Examples, Prompt, Prompts, Row, Scores

__all__ = ["PullTable"]


class PullTable:
    """The rows so far, the examples asked of each prompt, and the budget left."""

    def __init__(self, prompts: Prompts, examples: Examples, budget: int, context: Context, *, given: Scores) -> None:
        self.prompts = prompts
        self.budget = budget
        self._given = given
        self._context = context
        self.size = len(examples)
        """Number of examples."""
        self._order: list[Example] = list(examples.items)
        context.rng("order").shuffle(self._order)
        self._asked = dict.fromkeys((prompt.id for prompt in prompts.items), 0)
        self._rows: dict[str, list[Row]] = {prompt.id: [] for prompt in prompts.items}
        self._scale = Scores()
        """Metric, perfect value and scale of all rows so far, without the rows: merging tables of thousands takes time."""
        self._missing: list[tuple[str, str]] = []

    def shuffled(self) -> list[Prompt]:
        """The prompts in a drawn order."""
        return self._context.rng("arms").sample(self.prompts.items, len(self.prompts))

    def asked(self, prompt: Prompt) -> int:
        """How many examples `prompt` was asked."""
        return self._asked[prompt.id]

    def open(self, prompt: Prompt) -> bool:
        """Whether there are examples that `prompt` has not seen."""
        return self._asked[prompt.id] < len(self._order)

    def arm(self, prompt: Prompt) -> Arm:
        """What is known of `prompt`."""
        rows = self._rows[prompt.id]
        return Arm(len(rows), rows_score(rows, self._scale.metric) if rows else 0.0)

    async def pull(self, prompts: Sequence[Prompt], upto: Sequence[int]) -> None:
        """Score each prompt until it was asked `upto` examples in all, or the budget or the examples end."""
        await self._add(self._jobs(prompts, upto))

    async def pull_unknown(self, prompts: Sequence[Prompt], batch: int, *, size: int) -> None:
        """Score prompts that were never asked, `batch` examples each, in groups of `size`.

        The groups do not wait for one another, unless a limit can end the run between two pulls.
        """
        groups = [prompts[start : start + size] for start in range(0, len(prompts), size)]
        if self._context.unlimited:
            await self._add([job for group in groups for job in self._jobs(group, [batch] * len(group))])
            return
        for group in groups:
            await self.pull(group, [batch] * len(group))

    def _jobs(self, prompts: Sequence[Prompt], upto: Sequence[int]) -> list[Awaitable[Scores]]:
        """Take the pulls out of the budget; return the scorings that are to be awaited."""
        asked = [self._asked[prompt.id] for prompt in prompts]
        wanted = [max(0, min(end, len(self._order)) - start) for start, end in zip(asked, upto, strict=True)]
        given = split_budget(self.budget, wanted)
        self.budget -= sum(given)
        slices: dict[tuple[int, int], list[Prompt]] = {}
        for prompt, start, share in zip(prompts, asked, given, strict=True):
            self._asked[prompt.id] += share
            if share:
                slices.setdefault((start, start + share), []).append(prompt)
        partial = not self._context.round
        return [
            self._context.score(Prompts(items=tuple(some)), Examples(items=tuple(self._order[start:end])), partial=partial)
            for (start, end), some in slices.items()
        ]

    async def _add(self, jobs: Sequence[Awaitable[Scores]]) -> None:
        for found in await self._context.gather(jobs):
            seen = {"rows": found.rows[:1], "missing": (), "prompts": Prompts(), "examples": Examples()}
            self._scale = self._scale.merge(found.model_copy(update=seen))
            self._missing += found.missing
            for row in found.rows:
                self._rows[row.prompt].append(row)

    def scores(self) -> Scores:
        """All rows, except those of prompts for which a limit or failed calls left less than half."""
        kept = {prompt: rows for prompt, rows in self._rows.items() if len(rows) * 2 >= self._asked[prompt]}
        return Scores(
            metric=self._scale.metric,
            perfect=self._scale.perfect,
            scale=self._scale.scale,
            missing=tuple(pair for pair in self._missing if pair[0] in kept),
            prompts=self.prompts,
            examples=Examples(items=tuple(self._order)),
            rows=tuple(row for rows in kept.values() for row in rows),
        )

    def best(self, prompts: Sequence[Prompt], keep: int) -> tuple[Prompt, ...]:
        """The best `keep` of `prompts`, by these pulls."""
        return ranked(Prompts(items=tuple(prompts)), self.scores())[:keep]

    async def pull_contenders(self, prompts: Sequence[Prompt], upto: int, *, keep: int, block: int) -> tuple[Prompt, ...]:
        """Score each prompt until it was asked `upto` examples, or can't be among the best `keep`; return the others.

        All are scored on one block first. Then the leaders are scored to the end, since their final scores show soonest that
        another prompt is out. The rest go on block by block.
        """
        out: set[str] = set()
        while self.budget:
            known = self._ranking_rows(prompts)
            out = self._beaten(prompts, upto, keep, known)
            left = [prompt for prompt in prompts if prompt.id not in out]
            waiting = [prompt for prompt in left if self._asked[prompt.id] < upto]
            if not waiting:
                break
            new = [prompt for prompt in waiting if not self._asked[prompt.id]]
            order = sorted(left, key=lambda prompt: merit(known[prompt.id], self._scale.metric), reverse=True)
            best = {prompt.id for prompt in order[:keep]}
            leaders = [prompt for prompt in waiting if prompt.id in best or not self._bounded]
            if new or not leaders:
                chosen = new or waiting
                await self.pull(chosen, [min(upto, self._asked[prompt.id] + block) for prompt in chosen])
            else:
                await self.pull(leaders, [upto] * len(leaders))
        self._context.count("stopped early", len(out))
        self._context.count("pairs not scored", sum(upto - self._asked[one] for one in out))
        return tuple(prompt for prompt in prompts if prompt.id not in out)

    @property
    def _bounded(self) -> bool:
        known = self._given.merge(self._scale) if self._given.rows else self._scale
        return bounded(known.metric, known.scale)

    def _ranking_rows(self, prompts: Sequence[Prompt]) -> dict[str, Sequence[Row]]:
        """The rows that rank each prompt now, with those that were given."""
        if self._given.rows or self._given.missing:
            known = self._given.merge(self.scores())
            return {prompt.id: known.fair(prompt) for prompt in prompts}
        rows = ((prompt.id, self._rows[prompt.id]) for prompt in prompts)
        return {one: found if len(found) * 2 >= self._asked[one] else () for one, found in rows}

    def _beaten(self, prompts: Sequence[Prompt], upto: int, keep: int, known: Mapping[str, Sequence[Row]]) -> set[str]:
        """Ids of the prompts that can't be among the best `keep`; none for a metric whose values do not bound its scores."""
        scale = self._scale.scale
        if scale is None or not self._bounded:
            return set()
        found = beaten([self._standing(prompt, upto, known) for prompt in prompts], keep, scale)
        return {prompt.id for prompt, out in zip(prompts, found, strict=True) if out}

    def _standing(self, prompt: Prompt, upto: int, known: Mapping[str, Sequence[Row]]) -> Standing:
        asked = self._asked[prompt.id]
        if asked >= upto:
            return Standing(known[prompt.id], 0)
        given = self._given.by_prompt.get(prompt.id, ())
        if not given:
            return Standing(self._rows[prompt.id], upto - asked)
        waiting = {example.id for example in self._order[asked:upto]}
        rows = {row.example: row for row in (*given, *self._rows[prompt.id]) if row.example not in waiting}
        return Standing(tuple(rows.values()), upto - asked, given if 2 * len(self._rows[prompt.id]) < upto else ())
