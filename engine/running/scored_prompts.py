"""Rank the prompts scored so far, for a run that a limit ends early.

The limit may come before the pipeline has chosen a prompt. Every row of every scoring step and round is kept. Two prompts are
compared on the examples that both were scored on. So a mean over a few easy examples never wins. Rows of different metrics are
never compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import median_high
from typing import NamedTuple

from promptwire.values import Prompt, Row

__all__ = ["Leader", "ScoredPrompts"]

Rows = Mapping[str, tuple[float, float]]
"""Value and likelihood of one prompt, by example id."""


class Leader(NamedTuple):
    """The prompt that leads a search so far."""

    prompt: Prompt
    score: float
    """Its mean value in the search. It leads by it, so it is too high."""
    n: int
    """Number of examples that it was scored on."""


class ScoredPrompts:
    """Scores of one run by metric, prompt and example."""

    def __init__(self) -> None:
        self._prompts: dict[str, Prompt] = {}
        self._rows: dict[str, dict[str, dict[str, tuple[float, float]]]] = {}
        self._cut: int | None = None
        self._chosen: Prompt | None = None
        self._leaders: dict[str, Leader] = {}

    def __len__(self) -> int:
        """Number of prompts added so far."""
        return len(self._prompts)

    @property
    def has_scores(self) -> bool:
        """Whether there is any score."""
        return bool(self._rows)

    def add_prompts(self, prompts: Iterable[Prompt]) -> None:
        """Add `prompts` that a step is about to score. Among equals, the prompt added first wins."""
        for prompt in prompts:
            self._prompts.setdefault(prompt.id, prompt)

    def add_row(self, metric: str, row: Row) -> None:
        """Add one row, scored with `metric`."""
        table = self._rows.setdefault(metric, {})
        table.setdefault(row.prompt, {})[row.example] = (row.value, row.likelihood or 0.0)

    def new_leader(self, metric: str, prompts: Iterable[Prompt]) -> Leader | None:
        """Return the leader by `metric` after `prompts` were scored; None when it and its score are what they were.

        Only `prompts` are compared with the leader before, on the examples that both share. So this takes as long as few rows
        do, however many prompts a run has scored.
        """
        table, before = self._rows.get(metric, {}), self._leaders.get(metric)
        leader = before.prompt if before else None
        for prompt in prompts:
            mine = table.get(prompt.id)
            if mine is None or (leader is not None and prompt.id == leader.id):
                continue
            shared, *lead = _lead(mine, table[leader.id]) if leader else (0, 0.0)
            if leader is None or (2 * shared >= len(table[leader.id]) and lead[0] > 0):
                leader = prompt
        if leader is None:
            return None
        values = [value for value, _ in table[leader.id].values()]
        found = Leader(leader, math.fsum(values) / len(values), len(values))
        self._leaders[metric] = found
        return None if found == before else found

    def choose(self, prompt: Prompt) -> None:
        """Record `prompt` as the choice of a finished stage of the pipeline."""
        self.add_prompts([prompt])
        self._chosen = prompt

    def cut(self, known: int) -> None:
        """Record that a limit cut a round short, before which `known` prompts had been added. Only the first call counts."""
        self._cut = known if self._cut is None else self._cut

    def values(self, prompt: Prompt) -> list[float]:
        """Return the values of `prompt` on all examples that it was scored on, with the metric that has the most rows."""
        return [value for value, _ in self._main().get(prompt.id, {}).values()]

    def tables(self, metric: str) -> Mapping[str, Mapping[str, float]]:
        """Return the values of each prompt that was scored with `metric`, by prompt id and example id."""
        rows = self._rows.get(metric, {})
        return {prompt: {example: value for example, (value, _) in found.items()} for prompt, found in rows.items()}

    def best(self) -> Prompt | None:
        """Return the best prompt so far; None when no prompt was scored and no stage has chosen one."""
        return self._leader() if self._chosen is None else self.after(self._chosen)

    def after(self, chosen: Prompt) -> Prompt:
        """Return the pipeline's choice `chosen`, or a better prompt from the round that a limit cut short.

        `chosen` stays if an earlier prompt is better too: the pipeline then chooses by something other than the mean.
        """
        table = self._main()
        mine = table.get(chosen.id, {})
        if 2 * len(mine) < _usual(table):  # too few rows to trust the choice
            before = self._chosen
            return (self._leader() if before is None or before.id == chosen.id else self.after(before)) or chosen
        order = [one for one in self._prompts if one in table]
        found = {one: _lead(table[one], mine) for one in order}
        leads = {one: lead for one, (shared, *lead) in found.items() if 2 * shared >= len(mine) and lead[0] > 0}
        earlier = list(self._prompts)[: self._cut]
        if not leads or any(one in leads for one in earlier):
            return chosen
        return self._prompts[max(leads, key=leads.__getitem__)]

    def _leader(self) -> Prompt | None:
        """Return the best of all, each compared with the prompt that has the most rows."""
        table = self._main()
        if not table:
            return None
        order = [one for one in self._prompts if one in table]
        reference = table[max(order, key=lambda one: len(table[one]))]
        found = {one: _lead(table[one], reference) for one in order}
        leads = {one: lead for one, (shared, *lead) in found.items() if 2 * shared >= min(len(reference), _usual(table))}
        return self._prompts[max(leads, key=leads.__getitem__)]

    def _main(self) -> Mapping[str, Rows]:
        """Return the rows of the metric with the most rows."""
        tables = self._rows.values()
        return max(tables, key=lambda table: sum(map(len, table.values())), default={})


def _usual(table: Mapping[str, Rows]) -> int:
    """Median number of rows of a prompt. Bandits score late prompts on fewer examples than the others."""
    return median_high(map(len, table.values())) if table else 0


def _lead(one: Rows, other: Rows) -> tuple[int, float, float]:
    """Return how many examples both share, and by how much `one` leads on them in value and in likelihood."""
    shared = [example for example in other if example in one]
    leads = [math.fsum(one[example][part] - other[example][part] for example in shared) for part in (0, 1)]
    return len(shared), leads[0] / (len(shared) or 1), leads[1] / (len(shared) or 1)
