"""State that the parts of one run share: task, models by role, gateway, seed and trace."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promptwire.backend import Backend, Settings
from promptwire.errors import LimitReached, RequestRefused
from promptwire.gateway.gateway import Gateway
from promptwire.gateway.stage_budget import StageBudget
from promptwire.gateway.trace import Trace
from promptwire.graph.steps import ModelCallSpec
from promptwire.node import Role
from promptwire.results.report import TAKEN_WHOLE, UNREADABLE
from promptwire.running.recorded_values import RecordedValues
from promptwire.running.sampling import sampling
from promptwire.running.scored_prompts import ScoredPrompts
from promptwire.running.streams import Streams
from promptwire.running.truncation import Truncations
from promptwire.tasks.task import Task
from promptwire.templating.task_prompt import ASKED, asked_by
from promptwire.templating.template import Template
from promptwire.values import Model, Prompt
from promptwire.values.rounds import from_one

__all__ = ["Session", "slot_values"]


def slot_values(slots: Model) -> dict[str, Any]:
    """Return the values of a node's slots by name."""
    return {name: getattr(slots, name) for name in type(slots).model_fields}


@dataclass(frozen=True, slots=True)
class Session:
    """Shared state of one run. It outlives every step."""

    task: Task
    """Task whose prompt is optimized."""
    models: Mapping[Role, Backend]
    """Model of each role."""
    gateway: Gateway
    """Gateway through which every call goes."""
    trace: Trace
    """Trace of the run's events."""
    seed: int = 0
    """Random seed."""
    repeats: int = 1
    """Answers per prompt and held-out example in the comparison."""
    anytime: bool = True
    """Whether a budget that runs out ends loops with the best result so far; if false, it fails the run."""
    limits_hit: list[str] = field(default_factory=list)
    """Reasons of the limits of the run that cut something short."""
    stage: StageBudget | None = None
    """Budget of the stage that its steps are part of; None outside stages."""
    stages_ended: dict[str, str] = field(default_factory=dict)
    """Where the limit of a stage first ended it, by path of the stage."""
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Counts by (path of the step, counted event): unreadable replies, duplicates, ..."""

    truncations: Truncations = field(default_factory=Truncations)
    """Replies that were cut off, by path of the step."""
    unread_replies: dict[tuple[str, str], str] = field(default_factory=dict)
    """One unreadable reply and one that was taken whole by (path of the step, counted event). The alphabetically first is kept,
    so the order of arrival has no effect."""

    ungraded_replies: dict[str, str] = field(default_factory=dict)
    """One judge's reply without a grade by path of the step: the alphabetically first."""

    refusals: dict[str, str] = field(default_factory=dict)
    """One permanent refusal of a call by path of the step: the alphabetically first."""

    streams: Streams = field(default_factory=Streams)
    """Stream labels of equal requests that several steps or elements make."""

    lists_labels: dict[str, asyncio.Future[bool]] = field(default_factory=dict)
    """Whether a model lists the task's labels, by the model's identity; see `promptwire.running.labels`."""

    turns: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Number of runs of each step so far, by its path and the element of the `each` around it."""

    def turn(self, path: str, element: str) -> int:
        """Return how often the step at `path` ran before for `element`, and count this run. Rounds run in sequence."""
        self.turns[path, element] += 1
        return self.turns[path, element] - 1

    recorded: RecordedValues = field(default_factory=RecordedValues)
    """What of large sets the trace holds."""
    scored_prompts: ScoredPrompts = field(default_factory=ScoredPrompts)
    """Prompts and scores of the search so far."""
    candidates: dict[str, Prompt] = field(default_factory=dict)
    """Prompts that steps wrote, by id."""
    notes: list[str] = field(default_factory=list)
    """Notes and warnings for the report."""

    def note_limit(self, limit: LimitReached, round: str = "") -> None:
        """Record that `limit` cut something short, with its step and round."""
        where = f", at {limit.where}" if limit.where else ""
        reason = f"{limit.problem}{where}{f', round {from_one(round)}' if where and round else ''}"
        if limit.stage:
            self.stages_ended.setdefault(limit.stage, reason)
        else:
            self.limits_hit.append(reason)

    def may_end(self, limit: LimitReached) -> bool:
        """Whether `limit` ends a loop or a stage with the best result so far. If not, it fails the run."""
        return self.anytime or bool(limit.stage)

    @property
    def unlimited(self) -> bool:
        """Whether no limit of the run, of a stage, or of the sweep may be reached."""
        budget = self.gateway.budget
        return self.stage is None and not budget.limits.budgeted and not (budget.shared and budget.shared.budgeted)

    def affordable(self, roles: Sequence[Role]) -> int | None:
        """About how often one call of each of `roles` can still be made; see `Budget.affordable`."""
        return self.gateway.budget.affordable(roles, self.stage)

    def stream(self, round: str) -> str:
        """Return the stream of random calls in `round`: a new run seed or a new round means new samples."""
        return f"{self.seed}/{round}"

    def settings(self, asking: ModelCallSpec, template: Template, roles: Mapping[Role, Settings]) -> Settings:
        """Return the sampling settings of a step's call; see `sampling`."""
        return sampling(asking, template, roles)

    def template_values(self, slots: Model, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the variables of a step's template: `asked`, the node's slots, and the values of `with:`."""
        return {**self.asked(), **slot_values(slots), **given}

    def asked(self) -> dict[str, Any]:
        """Return the variable `asked` of every template of a step, by its name."""
        return {ASKED: asked_by(self.task.load_template(), self.task.train.items[0], self.task.form)}

    def count(self, path: str, what: str, n: int = 1) -> None:
        """Add `n` to the count of `what` at the step `path`."""
        if n:
            self.counts[path, what] += n

    def count_unread(self, path: str, reply: str, *, taken: bool) -> None:
        """Count a reply to the step `path` in which the template's rule found no answer, and keep one to show.

        It is unreadable, or with `fallback: raw` `taken` whole.
        """
        what = TAKEN_WHOLE if taken else UNREADABLE
        self.count(path, what)
        self.unread_replies[path, what] = min(reply, self.unread_replies.get((path, what), reply))

    def count_ungraded(self, path: str, reply: str) -> None:
        """Count an answer at the step `path` without a grade, and keep one such judge's reply to show."""
        self.count(path, "left out without a grade")
        self.ungraded_replies[path] = min(reply, self.ungraded_replies.get(path, reply))

    def count_refused(self, path: str, refusals: Sequence[RequestRefused]) -> None:
        """Count calls of the step `path` that the endpoint refused permanently, and keep one refusal to show."""
        self.count(path, "refused", len(refusals))
        for refused in refusals:
            self.refusals[path] = min(refused.problem, self.refusals.get(path, refused.problem))
