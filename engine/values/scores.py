"""Scores of prompts on examples, one row per pair.

Rows are many, so `Row` is a slotted dataclass (144 bytes) and not a pydantic object (1.3 kB).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

from promptwire.values.critiques import Failure, FailureGroup
from promptwire.values.examples import Example, Examples
from promptwire.values.model import Model
from promptwire.values.prompts import Prompt, Prompts

__all__ = ["NO_VALUE", "Answer", "ExampleAnswers", "Row", "Scores", "mean_row"]

NO_VALUE = math.nan
"""The value of an answer under the metric `none`. Whatever is computed with it is no number, so it never counts as 0."""


def _from_json(value: Any) -> Any:
    return NO_VALUE if value is None else value


def _to_json(value: float) -> float | None:
    return None if math.isnan(value) else value


Value = Annotated[float, BeforeValidator(_from_json), PlainSerializer(_to_json, when_used="json")]
"""A metric's value. JSON has no NaN, so there `NO_VALUE` is null."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One of several answers of the model to the same prompt and example."""

    output: str
    """The whole reply."""
    answer: str
    """The answer read out of the reply; empty when the reply is unreadable."""
    value: Value
    """The metric's value; `NO_VALUE` when it gives none."""
    readable: bool = True
    """Whether an answer could be read out of the reply."""
    feedback: str = ""
    """The metric's feedback in words."""
    truth: str = ""
    """The right label or number; see `Row.truth`."""


@dataclass(frozen=True, slots=True)
class Row:
    """Result of one prompt on one example."""

    prompt: str
    """Id of the prompt."""
    example: str
    """Id of the example."""
    output: str
    """The task model's whole reply."""
    answer: str
    """The answer read out of the reply; empty when the reply is unreadable."""
    value: Value
    """The metric's value; `NO_VALUE` when it gives none."""
    readable: bool = True
    """Whether an answer could be read out of the reply."""
    likelihood: float | None = None
    """Log-probability of the right label, if the metric chooses among labels. Breaks ties between equal values."""
    feedback: str = ""
    """The metric's feedback in words: a judge's reasons, or the text of a user's metric; may be empty."""
    truth: str = ""
    """The right label or number, for a metric that is a statistic of all rows; see `promptwire.stats.set_statistics`."""
    repeats: tuple[Answer, ...] = ()
    """All answers, if the model was asked several times. Then `value` is their mean; the rest is of the answer with the lowest
    value."""

    @property
    def valued(self) -> bool:
        """Whether the metric gave the answer a value."""
        return not math.isnan(self.value)

    @property
    def unreadable(self) -> int:
        """Number of unreadable replies."""
        return sum(not one.readable for one in self.repeats or (self,))


def _case(row: Row, example: Example) -> Failure:
    """A row with its example, as templates read it."""
    return Failure(example=example, output=row.output, answer=row.answer, value=row.value, feedback=row.feedback)


def mean_row(rows: Sequence[Row]) -> Row | None:
    """One row for several answers of the model to the same prompt and example; None without any."""
    if len(rows) <= 1:
        return rows[0] if rows else None
    shown = min(rows, key=lambda row: row.value)
    likely = [row.likelihood for row in rows if row.likelihood is not None]
    return replace(
        shown,
        value=math.fsum(row.value for row in rows) / len(rows),
        likelihood=math.fsum(likely) / len(likely) if likely else None,
        repeats=tuple(Answer(row.output, row.answer, row.value, row.readable, row.feedback, row.truth) for row in rows),
    )


class ExampleAnswers(Model):
    """The answers of all prompts to one example, for templates that compare them."""

    example: Example
    """The example."""
    prompts: tuple[Prompt, ...]
    """The prompts that answered it."""
    cases: tuple[Failure, ...]
    """Their answers, right and wrong, in the same order."""

    @property
    def mean(self) -> float:
        """Mean value of the answers."""
        return math.fsum(case.value for case in self.cases) / len(self.cases)


class Scores(Model):
    """Results of prompts on examples: one row per scored pair of prompt and example."""

    metric: str = ""
    """Name of the metric."""
    perfect: float | None = 1.0
    """The value of a right answer; None when the metric has none (log-probabilities)."""
    scale: tuple[float, float] | None = (0.0, 1.0)
    """Lowest and highest value of a row; None when it is not known. The scores of prompts may have another scale."""
    prompts: Prompts = Prompts()
    """The prompts that were to be scored."""
    examples: Examples = Examples()
    """The examples that they were to be scored on."""
    rows: tuple[Row, ...] = ()
    """One per scored pair; fewer than prompts x examples when a budget ran out or failures were skipped."""
    missing: tuple[tuple[str, str], ...] = ()
    """Ids of prompt and example of pairs that were requested and have no row: the call failed, or a budget ran out."""

    @cached_property
    def by_prompt(self) -> Mapping[str, tuple[Row, ...]]:
        """The rows of each prompt id; a prompt without rows has an empty tuple."""
        found: dict[str, list[Row]] = {prompt.id: [] for prompt in self.prompts.items}
        for row in self.rows:
            found.setdefault(row.prompt, []).append(row)
        return {prompt: tuple(rows) for prompt, rows in found.items()}

    @cached_property
    def groups(self) -> tuple[FailureGroup, ...]:
        """The answers of each prompt, right and wrong, each with its example; for templates that show them."""
        examples = {example.id: example for example in self.examples.items}
        return tuple(
            FailureGroup(
                prompt=prompt,
                cases=tuple(
                    _case(row, examples[row.example]) for row in self.by_prompt.get(prompt.id, ()) if row.example in examples
                ),
            )
            for prompt in self.prompts.items
        )

    @cached_property
    def by_example(self) -> tuple[ExampleAnswers, ...]:
        """The answers to each example that has any, right and wrong, each with its prompt; for templates that compare them."""
        prompts = {prompt.id: prompt for prompt in self.prompts.items}
        rows: dict[str, list[Row]] = {}
        for row in self.rows:
            if row.prompt in prompts:
                rows.setdefault(row.example, []).append(row)
        return tuple(
            ExampleAnswers(
                example=example,
                prompts=tuple(prompts[row.prompt] for row in rows[example.id]),
                cases=tuple(_case(row, example) for row in rows[example.id]),
            )
            for example in self.examples.items
            if example.id in rows
        )

    def values(self, prompt: Prompt) -> tuple[float, ...]:
        """The values of `prompt`, one per scored example."""
        return tuple(row.value for row in self.by_prompt.get(prompt.id, ()))

    @cached_property
    def _lost(self) -> Mapping[str, frozenset[str]]:
        """Ids of the examples that were requested for each prompt id and have no row."""
        lost: dict[str, set[str]] = {}
        for prompt, example in self.missing:
            lost.setdefault(prompt, set()).add(example)
        return {prompt: frozenset(examples) for prompt, examples in lost.items()}

    def asked(self, prompt: Prompt) -> frozenset[str]:
        """Ids of the examples that were requested for `prompt`, with or without a row."""
        rows = self.by_prompt.get(prompt.id, ())
        return frozenset(row.example for row in rows) | self._lost.get(prompt.id, frozenset())

    def fair(self, prompt: Prompt) -> tuple[Row, ...]:
        """The rows that rank `prompt`; empty when more than half of its examples lack one."""
        rows = self.by_prompt.get(prompt.id, ())
        return rows if len(rows) * 2 >= len(rows) + len(self._lost.get(prompt.id, ())) else ()

    def only(self, prompts: Prompts) -> Scores:
        """The table of `prompts` alone."""
        ids = {prompt.id for prompt in prompts.items}
        rows = tuple(row for row in self.rows if row.prompt in ids)
        missing = tuple(pair for pair in self.missing if pair[0] in ids)
        return self.model_copy(update={"prompts": prompts, "rows": rows, "missing": missing})

    def merge(self, other: Scores) -> Scores:
        """Both tables as one. Of two rows for the same pair, that of `other`, the newer, stays."""
        return Scores.merged((self, other))

    @classmethod
    def merged(cls, tables: Sequence[Scores]) -> Scores:
        """All `tables` as one, as merging them one after another gives it, in time that grows with the rows alone."""
        rows = {(row.prompt, row.example): row for table in tables for row in table.rows}
        missing = dict.fromkeys(pair for table in tables for pair in table.missing)
        first, *others = tables
        metric, perfect, scale, scored = first.metric, first.perfect, first.scale, bool(first.rows)
        for other in others:
            # A value outside the assumed scale of a metric shows that its scale is not known.
            scale = other.scale if not scored or scale is not None else None
            perfect = other.perfect if not scored or perfect is not None else None
            metric, scored = other.metric or metric, scored or bool(other.rows)
        return cls(
            metric=metric,
            perfect=perfect,
            scale=scale,
            missing=tuple(pair for pair in missing if pair not in rows),
            prompts=Prompts.of(prompt for table in tables for prompt in table.prompts.items),
            examples=Examples.of(example for table in tables for example in table.examples.items),
            rows=tuple(rows.values()),
        )
