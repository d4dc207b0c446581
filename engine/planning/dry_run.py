"""What a run will still ask, seen from the moment before its first call: its own beginning, replayed from the cache.

A run goes as far as the cache carries it, then waits at a gate (see `promptwire.gateway.approval`). What was found until then
is subtracted from what each step asks at most; a step that is done, and can't come again in a later round, asks nothing more.
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
from promptwire.planning.plan import Known, Plan, make_plan
from promptwire.tasks.task import Task

__all__ = ["ApproveCost", "DryRun", "NotApproved"]

ApproveCost = Callable[[Plan], None]
"""Told what a run still asks at most, before its first call; raises Declined to end it there."""


class NotApproved(UsageError):
    """A run that was not to be made at this price."""


class DryRun:
    """Watches a run until its first call, and says then what is left."""

    def __init__(self, graph: Graph, task: Task, models: Mapping[Role, Backend], limits: Limits) -> None:
        self._graph = graph
        self._task = task
        self._models = models
        self._limits = limits
        self._tally = Usage()
        self._done: set[str] = set()

    def gate(self, approve: ApproveCost) -> ApprovalGate:
        """A gate that opens when `approve` has nothing against the plan."""

        def decide() -> None:
            approve(self.plan(gate))

        gate = ApprovalGate(decide)
        return gate

    def say(self, text: str) -> None:
        """Nothing: it is of no use to a plan."""

    def follow(self, tally: Usage) -> None:
        """The numbers of the run are read here."""
        self._tally = tally

    def __call__(self, event: str, facts: Mapping[str, Any]) -> None:
        """Take an event of the run: a step outside of all loops that is done does not come again."""
        if event == "done" and not facts["round"] and not facts["element"]:
            self._done.add(facts["path"])

    def plan(self, gate: ApprovalGate | None = None) -> Plan:
        """What is left of the run when `gate` holds back the rest; without one nothing is left."""
        cached = {path: count.cached for path, count in self._tally.steps.items()}
        for path, held in gate.pending.items() if gate else ():
            cached[path] = cached.get(path, 0) + held.had
        known = Known(
            models={role: model.name for role, model in self._models.items()},
            quotes={role: model.quote() for role, model in self._models.items()},
            limits=self._limits,
            cached=cached,
            is_over=self._is_over if gate else lambda path: True,
        )
        return make_plan(self._graph, self._task, known)

    def _is_over(self, path: str) -> bool:
        parts = path.split(".")
        return any(".".join(parts[:end]) in self._done for end in range(1, len(parts) + 1))
