"""Run each step of a graph as soon as the steps it depends on are done.

Each step counts its unfinished dependencies and starts when the last one is done. There is no other barrier. When a step fails,
the running steps are cancelled. Their requests in flight are not: the gateway owns them and keeps their paid completions. Loops
and sub-pipelines are steps whose graph is run here in turn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from promptwire.backend import Settings
from promptwire.errors import PromptwireError
from promptwire.gateway.trace import enter_step
from promptwire.graph.ordering import ancestors
from promptwire.graph.port_types import SET_OF
from promptwire.graph.port_values import empty
from promptwire.graph.steps import CallStep, EachStep, Gate, Graph, PipeStep, RepeatStep, Step
from promptwire.node import Role
from promptwire.running.gather import first_error
from promptwire.running.loops import first_states, run_each, run_repeat
from promptwire.running.node_call import call_node
from promptwire.running.preflight import within
from promptwire.running.scope import Scope
from promptwire.running.session import Session
from promptwire.running.stages import run_stage
from promptwire.values import Prompt, Prompts

__all__ = ["NOT_RUN", "main_prompt", "run_graph"]

NOT_RUN: Final = "not run"
"""Count of the times that a step was not run, by its `when` or `unless`."""
_Paths = Callable[[], frozenset[str]]


async def run_graph(graph: Graph, inputs: Mapping[str, Any], session: Session) -> dict[str, Any]:
    """Run `graph` and return its outputs, by name; the first is the main one.

    Raises the PromptwireError of the first step that failed.
    """
    session.streams.learn(graph)
    scope = Scope({**dict.fromkeys(graph.optional), **graph.params, **inputs})
    await _Runner(session, graph.models).steps(graph, scope)
    return _outputs(graph, scope)


def main_prompt(outputs: Mapping[str, Any]) -> Prompt | None:
    """Return the first prompt among the outputs of a pipeline; None when there is none."""
    for value in outputs.values():
        if isinstance(value, Prompt):
            return value
        if isinstance(value, Prompts) and len(value):
            return value.items[0]
    return None


def _outputs(graph: Graph, scope: Scope) -> dict[str, Any]:
    return {name: scope.value(wire, graph.types[name]) for name, wire in graph.outputs.items()}


def _not_run(step: Step, gate: Gate, scope: Scope) -> Mapping[str, Any]:
    """Outputs of a step that is not run: empty, or the first states of a loop."""
    if isinstance(step, RepeatStep):
        return {**first_states(step, scope), "rounds": 0}
    return {name: empty(SET_OF.get(kind, kind)) for name, kind in gate.outputs.items()}


def _paths_before(step: Step, graph: Graph) -> frozenset[str]:
    """Paths of all steps of `graph` that end before `step` begins."""
    needs = {name: other.needs for name, other in graph.steps.items()}
    return frozenset(graph.steps[name].path for name in ancestors(needs, step.needs))


class _Runner:
    """Runs the steps of one pipeline and of its loops, with that pipeline's settings by role."""

    def __init__(self, session: Session, roles: Mapping[Role, Settings], before: _Paths = frozenset) -> None:
        """`before` gives the paths of the steps that the pipeline waits for where it is used as a node.

        Only a stage needs them, and finding them goes through the whole graph.
        """
        self.session = session
        self.roles = roles
        self._before = before

    async def steps(self, graph: Graph, scope: Scope) -> None:
        """Run every step of `graph` in `scope`, each as soon as it can."""
        waiting = {name: len(step.needs) for name, step in graph.steps.items()}
        users: dict[str, list[str]] = {name: [] for name in graph.steps}
        for name, step in graph.steps.items():
            for need in step.needs:
                users[need].append(name)

        async def one(step: Step) -> None:
            if scope.enter is not None:
                await scope.enter(step)
            scope.done(step.name, await self._recorded(step, scope, graph))
            if scope.leave is not None:
                scope.leave(step)
            for user in users[step.name]:
                waiting[user] -= 1
                if waiting[user] == 0:
                    start(graph.steps[user])

        def start(step: Step) -> None:
            job = one(step)
            try:
                group.create_task(job)
            except RuntimeError:  # another step has failed, so the group takes no more
                job.close()

        try:
            async with asyncio.TaskGroup() as group:
                for name, step in graph.steps.items():
                    if waiting[name] == 0:
                        start(step)
        except BaseExceptionGroup as failed:
            error = first_error(failed.exceptions)
            # The group would show the same traceback a second time, for each graph around the step.
            raise error from error.__cause__

    async def _recorded(self, step: Step, scope: Scope, graph: Graph) -> Mapping[str, Any]:
        """Run `step` and return its outputs; write its start, end and values to the trace."""
        trace, where = self.session.trace, {"path": step.path, "round": scope.round, "element": scope.element}
        enter_step(scope.round, scope.element)
        if step.gate is not None and not scope.holds(step.gate):
            outputs = _not_run(step, step.gate, scope)
            self.session.count(step.path, NOT_RUN)
            trace.event("skipped", **where, condition=str(step.gate))
            self._record(where, outputs)
            return outputs
        began = time.perf_counter()
        trace.event("start", **where)
        try:
            outputs = await self._outcome(step, scope, graph)
        except PromptwireError as error:
            trace.event("failed", **where, error=str(error))
            raise
        trace.event("done", **where, seconds=round(time.perf_counter() - began, 4))
        self._record(where, outputs)
        return outputs

    def _record(self, where: Mapping[str, str], outputs: Mapping[str, Any]) -> None:
        self.session.trace.value(partial(self.session.recorded.to_text, outputs), **where)

    async def _outcome(self, step: Step, scope: Scope, graph: Graph) -> Mapping[str, Any]:
        if isinstance(step, CallStep):
            return await call_node(step, scope, self.session, self.roles)
        if isinstance(step, RepeatStep):
            return await run_repeat(step, scope, self.session, run=self.steps)
        if isinstance(step, EachStep):
            return await run_each(step, scope, run=self.steps)
        if isinstance(step, PipeStep):
            return await self._pipeline(step, scope, graph)
        raise TypeError(f"unknown step {step!r}")

    async def _pipeline(self, step: PipeStep, scope: Scope, around: Graph) -> Mapping[str, Any]:
        """Run a pipeline used as a node: with names of its own, and the rounds of the loops around it."""
        graph = step.graph
        inputs = {name: scope.value(wire, graph.inputs[name]) for name, wire in step.wires.items()}
        params = {**graph.params, **{name: scope.value(wire) for name, wire in step.params.items()}}
        whole = {**dict.fromkeys(graph.optional), **params, **inputs}
        inner = Scope(whole, round=scope.round, element=scope.element, twin=scope.twin)

        def before() -> frozenset[str]:
            return self._before() | _paths_before(step, around)

        roles = within(graph, self.roles, params)

        async def run(session: Session) -> None:
            await _Runner(session, roles, before).steps(graph, inner)

        if step.limits:
            limits = {name: scope.value(wire) for name, wire in step.limits.items()}
            outputs = await run_stage(step, inner, self.session, limits, before=before(), run=run)
        else:
            await run(self.session)
            outputs = _outputs(graph, inner)
        if not scope.round and not scope.element and (prompt := main_prompt(outputs)) is not None:
            self.session.scored_prompts.choose(prompt)
        return outputs
