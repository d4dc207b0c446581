"""Rank the prompts scored so far, for a run that a limit ends early.

The limit may come before the pipeline has chosen a prompt. Every row of every scoring step and round is kept. Two prompts are
compared on the examples that both were scored on. So a score over a few easy examples never wins. Rows of different metrics are
never compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter, sub
from statistics import median_high
from typing import NamedTuple

from promptwire.stats.prompt_score import lead, rows_score, values_lead, values_score
from promptwire.stats.set_statistics import statistic_of
from promptwire.values import Prompt, Row

__all__ = ["Leader", "ScoredPrompts"]

Kept = float | Row
"""What is kept of a row: its value, or the row without its texts where a score takes more than the value."""
Rows = Mapping[str, Kept]
"""What is kept of the rows of one prompt, by example id. A run may have millions."""


class Leader(NamedTuple):
    """The prompt that leads a search so far."""

    prompt: Prompt
    score: float
    """Its score in the search. It leads by it, so it is too high."""
    n: int
    """Number of examples that it was scored on."""


class ScoredPrompts:
    """Scores of one run, or of one stage of it, by metric, prompt and example."""

    def __init__(self, around: ScoredPrompts | None = None) -> None:
        """`around` gets all scores too: those of the run when these are of a stage."""
        self._around = around
        self._prompts: dict[str, Prompt] = {}
        self._rows: dict[str, dict[str, dict[str, Kept]]] = {}
        self._answered = False
        self._cut: int | None = None
        self._chosen: Prompt | None = None
        self._leaders: dict[str, Leader] = {}

    def __len__(self) -> int:
        """Number of prompts added so far."""
        return len(self._prompts)

    @property
    def has_scores(self) -> bool:
        """Whether there is any score, or any answer without a value."""
        return self._answered or bool(self._rows) or (self._around is not None and self._around.has_scores)

    def add_prompts(self, prompts: Iterable[Prompt]) -> None:
        """Add `prompts` that a step is about to score. Among equals, the prompt added first wins."""
        added = tuple(prompts)
        for prompt in added:
            self._prompts.setdefault(prompt.id, prompt)
        if self._around is not None:
            self._around.add_prompts(added)

    def add_row(self, metric: str, row: Row) -> None:
        """Add one row, scored with `metric`: name, blank, name of the task template. A row without a value ranks nothing."""
        if self._around is not None:
            self._around.add_row(metric, row)
        if not row.valued:
            self._answered = True
            return
        table = self._rows.setdefault(metric, {})
        table.setdefault(row.prompt, {})[row.example] = _kept(row)

    def new_leader(self, metric: str, prompts: Iterable[Prompt]) -> Leader | None:
        """Return the leader by `metric` after `prompts` were scored; None when it and its score are what they were.

        Only `prompts` are compared with the leader before, on the examples that both share. So this takes as long as few rows
        do, however many prompts a run has scored. Inside a stage, the leader is that of the run.
        """
        if self._around is not None:
            return self._around.new_leader(metric, prompts)
        table, before, name = self._rows.get(metric, {}), self._leaders.get(metric), _name(metric)
        leader = before.prompt if before else None
        for prompt in prompts:
            mine = table.get(prompt.id)
            if mine is None or (leader is not None and prompt.id == leader.id):
                continue
            shared, *leads = _lead(mine, table[leader.id], name) if leader else (0, 0.0)
            if leader is None or (2 * shared >= len(table[leader.id]) and leads[0] > 0):
                leader = prompt
        if leader is None:
            return None
        found = Leader(leader, _score(leader.id, table[leader.id], name), len(table[leader.id]))
        self._leaders[metric] = found
        return None if found == before else found

    def choose(self, prompt: Prompt) -> None:
        """Record `prompt` as the choice of a finished stage of the pipeline."""
        self.add_prompts([prompt])
        self._chosen = prompt

    def cut(self, known: int) -> None:
        """Record that a limit cut a round short, before which `known` prompts had been added. Only the first call counts."""
        self._cut = known if self._cut is None else self._cut

    def score(self, prompt: Prompt) -> tuple[float | None, int]:
        """Return the score of `prompt` over all examples that it was scored on, and their number.

        It is by the metric that has the most rows. It is None without rows.
        """
        metric, table = self._main()
        rows = table.get(prompt.id, {})
        return _score(prompt.id, rows, metric) if rows else None, len(rows)

    def tables(self, metric: str) -> Mapping[str, Sequence[Row]]:
        """Return the rows of each prompt that was scored with `metric`, by prompt id; see `add_row`."""
        return {prompt: tuple(_restored(prompt, rows)) for prompt, rows in self._rows.get(metric, {}).items()}

    def best(self) -> Prompt | None:
        """Return the best prompt so far; None when no prompt was scored and no stage has chosen one."""
        return self._leader() if self._chosen is None else self.after(self._chosen)

    def after(self, chosen: Prompt) -> Prompt:
        """Return the pipeline's choice `chosen`, or a better prompt from the round that a limit cut short.

        `chosen` stays if an earlier prompt is better too: the pipeline then chooses by something other than the score.
        """
        metric, table = self._main()
        mine = table.get(chosen.id, {})
        if 2 * len(mine) < _usual(table):  # too few rows to trust the choice
            before = self._chosen
            return (self._leader() if before is None or before.id == chosen.id else self.after(before)) or chosen
        order = [one for one in self._prompts if one in table]
        found = {one: _lead(table[one], mine, metric) for one in order}
        leads = {one: lead for one, (shared, *lead) in found.items() if 2 * shared >= len(mine) and lead[0] > 0}
        earlier = list(self._prompts)[: self._cut]
        if not leads or any(one in leads for one in earlier):
            return chosen
        return self._prompts[max(leads, key=leads.__getitem__)]

    def _leader(self) -> Prompt | None:
        """Return the best of all, each compared with the prompt that has the most rows."""
        metric, table = self._main()
        if not table:
            return None
        order = [one for one in self._prompts if one in table]
        reference = table[max(order, key=lambda one: len(table[one]))]
        found = {one: _lead(table[one], reference, metric) for one in order}
        leads = {one: lead for one, (shared, *lead) in found.items() if 2 * shared >= min(len(reference), _usual(table))}
        return self._prompts[max(leads, key=leads.__getitem__)]

    def _main(self) -> tuple[str, Mapping[str, Rows]]:
        """Return the metric with the most rows, and its rows by prompt."""
        tables = ((_name(metric), table) for metric, table in self._rows.items())
        return max(tables, key=lambda found: sum(map(len, found[1].values())), default=("", {}))


def _kept(row: Row) -> Kept:
    """What a score needs of `row`."""
    if row.truth:
        answers = tuple(replace(one, output="", feedback="") for one in row.repeats)
        return replace(row, output="", feedback="", repeats=answers)
    if row.likelihood is None and row.readable:
        return row.value
    return Row(row.prompt, row.example, "", "", row.value, row.readable, row.likelihood)


def _in_order(rows: Rows) -> list[tuple[str, Kept]]:
    """`rows` in the order of their example ids. They arrive in any order, on which the last digit of a sum depends."""
    return sorted(rows.items(), key=itemgetter(0))


def _restored(prompt: str, rows: Rows) -> list[Row]:
    """The rows of `prompt`, without their texts."""
    return [kept if isinstance(kept, Row) else Row(prompt, example, "", "", kept) for example, kept in _in_order(rows)]


def _value(kept: Kept) -> float:
    return kept.value if isinstance(kept, Row) else kept


def _likelihood(kept: Kept) -> float:
    return kept.likelihood or 0.0 if isinstance(kept, Row) else 0.0


def _score(prompt: str, rows: Rows, metric: str) -> float:
    """The score of `prompt` with these rows, of which there is at least one."""
    if statistic_of(metric) is None:
        return values_score([_value(kept) for _, kept in _in_order(rows)])
    return rows_score(_restored(prompt, rows), metric)


def _name(metric: str) -> str:
    return metric.partition(" ")[0]


def _usual(table: Mapping[str, Rows]) -> int:
    """Median number of rows of a prompt. Bandits score late prompts on fewer examples than the others."""
    return median_high(map(len, table.values())) if table else 0


def _lead(one: Rows, other: Rows, metric: str) -> tuple[int, float, float]:
    """Return how many examples both share, and by how much `one` leads on them in score and in likelihood."""
    shared = one.keys() if one.keys() == other.keys() else [example for example in other if example in one]
    mine, theirs = [one[example] for example in shared], [other[example] for example in shared]
    if statistic_of(metric) is None:
        ahead = values_lead(list(map(_value, mine)), list(map(_value, theirs)))
    else:
        first, second = (_restored("", dict(zip(shared, kept, strict=True))) for kept in (mine, theirs))
        ahead = lead(first, second, metric)
    likelihoods = map(sub, map(_likelihood, mine), map(_likelihood, theirs))
    return len(shared), ahead, math.fsum(likelihoods) / (len(shared) or 1)
