"""Dry run: the calls that a run still has to make, known just before its first new call.

A run goes as far as cached completions carry it, then waits for approval (see `promptwire.gateway.approval`). The cached calls
are subtracted from the upper bound of each step. A step that is done and outside of all loops makes no further call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from promptwire.backend import Backend
from promptwire.errors import UsageError
from promptwire.gateway.approval import ApprovalGate
from promptwire.gateway.usage import Usage
from promptwire.graph.steps import Graph
from promptwire.limits import Limits
from promptwire.node import Role
from promptwire.planning.plan import Plan, make_plan
from promptwire.planning.step_plan import Known
from promptwire.tasks.task import Task

__all__ = ["ApproveCost", "DryRun", "NotApproved"]

ApproveCost = Callable[[Plan], None]
"""Called with the plan before the first new call. It raises NotApproved to end the run there."""


class NotApproved(UsageError):
    """The cost of a run was not approved."""


class DryRun:
    """Observe a run until its first new call, then plan the rest."""

    def __init__(self, graph: Graph, task: Task, models: Mapping[Role, Backend], limits: Limits, *, repeats: int = 1) -> None:
        self._graph = graph
        self._task = task
        self._models = models
        self._limits = limits
        self._repeats = repeats
        self._usage = Usage()
        self._done: set[str] = set()

    def gate(self, approve: ApproveCost) -> ApprovalGate:
        """An approval gate that opens when `approve` returns for the plan."""

        def decide() -> None:
            plan = self.plan(gate)
            gate.approved = {"new": plan.total.new, "usd": plan.total.new_usd, "cached": plan.total.cached}
            approve(plan)

        gate = ApprovalGate(decide)
        return gate

    def say(self, text: str) -> None:
        """Ignore a progress line: a plan does not need it."""

    def follow(self, usage: Usage) -> None:
        """Take the run's numbers of calls from `usage`."""
        self._usage = usage

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Note a finished step outside of all loops: it does not run again."""
        if event in ("done", "skipped") and not facts["round"] and not facts["element"]:
            self._done.add(facts["path"])

    def plan(self, gate: ApprovalGate | None = None) -> Plan:
        """Plan the calls that `gate` holds back. Without a gate, none are left."""
        cached = {path: count.cached for path, count in self._usage.steps.items()}
        for path, held in gate.pending.items() if gate else ():
            cached[path] = cached.get(path, 0) + held.had
        known = Known(
            models={role: model.name for role, model in self._models.items()},
            quotes={role: model.quote() for role, model in self._models.items()},
            limits=self._limits,
            repeats=self._repeats,
            cached=cached,
            is_over=self._is_over if gate else lambda path: True,
        )
        return make_plan(self._graph, self._task, known)

    def _is_over(self, path: str) -> bool:
        parts = path.split(".")
        return any(".".join(parts[:end]) in self._done for end in range(1, len(parts) + 1))
