"""Rank the prompts that a search has scored so far, for a run that a limit ends before the pipeline has chosen one.

Every row of a scoring step is kept, whichever step or round it comes from. Two prompts are compared on the examples that both
were scored on, so that a mean over a few easy examples never wins. Rows of different metrics are never compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import median_high

from promptwire.values import Prompt, Row

__all__ = ["ScoredPrompts"]

Rows = Mapping[str, tuple[float, float]]
"""Value and likelihood of one prompt, by example id."""


class ScoredPrompts:
    """The scores of one run by metric, prompt and example."""

    def __init__(self) -> None:
        self._prompts: dict[str, Prompt] = {}
        self._rows: dict[str, dict[str, dict[str, tuple[float, float]]]] = {}
        self._cut: int | None = None
        self._chosen: Prompt | None = None

    def __len__(self) -> int:
        """Number of prompts that a step was to score."""
        return len(self._prompts)

    @property
    def has_scores(self) -> bool:
        """Whether there is any score."""
        return bool(self._rows)

    def add_prompts(self, prompts: Iterable[Prompt]) -> None:
        """Take `prompts` in their order, which decides between equals."""
        for prompt in prompts:
            self._prompts.setdefault(prompt.id, prompt)

    def add_row(self, metric: str, row: Row) -> None:
        """Keep one row, scored with `metric`."""
        table = self._rows.setdefault(metric, {})
        table.setdefault(row.prompt, {})[row.example] = (row.value, row.likelihood or 0.0)

    def choose(self, prompt: Prompt) -> None:
        """Note that a finished part of the pipeline chose `prompt` by its own rules."""
        self.add_prompts([prompt])
        self._chosen = prompt

    def cut(self, known: int) -> None:
        """Note that a limit ended a loop in a round before which `known` prompts had been entered; the first such counts."""
        self._cut = known if self._cut is None else self._cut

    def best(self) -> Prompt | None:
        """The best prompt so far; None when nothing was scored and no part of the pipeline has chosen one."""
        return self._leader() if self._chosen is None else self.after(self._chosen)

    def after(self, chosen: Prompt) -> Prompt:
        """`chosen`, which the pipeline gave, or a prompt of the round that a limit cut short where that prompt does better.

        It stays where an earlier prompt does better too: the pipeline then chooses by something other than the mean.
        """
        table = self._main()
        mine = table.get(chosen.id, {})
        if 2 * len(mine) < _usual(table):  # what it was chosen by says too little
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
        """The best of all, compared with the prompt that was scored on the most examples."""
        table = self._main()
        if not table:
            return None
        order = [one for one in self._prompts if one in table]
        reference = table[max(order, key=lambda one: len(table[one]))]
        found = {one: _lead(table[one], reference) for one in order}
        leads = {one: lead for one, (shared, *lead) in found.items() if 2 * shared >= min(len(reference), _usual(table))}
        return self._prompts[max(leads, key=leads.__getitem__)]

    def _main(self) -> Mapping[str, Rows]:
        """The rows of the metric that most rows are of."""
        tables = self._rows.values()
        return max(tables, key=lambda table: sum(map(len, table.values())), default={})


def _usual(table: Mapping[str, Rows]) -> int:
    """The usual number of rows of a prompt: bandits score what they find last on fewer examples than the rest."""
    return median_high(map(len, table.values())) if table else 0


def _lead(one: Rows, other: Rows) -> tuple[int, float, float]:
    """On how many examples both were scored, and by how much `one` leads there in value and likelihood."""
    shared = [example for example in other if example in one]
    leads = [math.fsum(one[example][part] - other[example][part] for example in shared) for part in (0, 1)]
    return len(shared), leads[0] / (len(shared) or 1), leads[1] / (len(shared) or 1)
