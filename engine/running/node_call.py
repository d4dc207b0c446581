"""Run one node: read its inputs and params, give it a context, check its outputs.

The context is the only part of the engine that a node sees. Random draws depend on the run's seed, the node's path, the loops'
rounds and the purpose that the node names. So the order in which nodes finish can't change them.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import ValidationError

from promptwire.backend import Settings
from promptwire.errors import NodeError, PipelineError, PromptwireError, ReplyError
from promptwire.graph.model_calls import resolved
from promptwire.graph.steps import CallStep, ModelCallSpec, TemplateSpec
from promptwire.node import Reply, Role
from promptwire.running.asked_log import AskedLog
from promptwire.running.gather import gather
from promptwire.running.generation import Generator
from promptwire.running.kept_placeholders import LOST, without_lost, writes_prompts
from promptwire.running.rendering import Renderer
from promptwire.running.scope import Scope
from promptwire.running.scoring import Scorer
from promptwire.running.session import Session
from promptwire.running.streams import StepPosition
from promptwire.templating.parsing import Parse, parse_reply
from promptwire.values import Example, Examples, Message, Model, Prompt, Prompts, Scores
from promptwire.values.hashing import stream
from promptwire.values.placeholders import Placeholders
from promptwire.values.rounds import from_one

__all__ = ["call_node"]

T = TypeVar("T")
S = TypeVar("S", ModelCallSpec, TemplateSpec)


@dataclass(frozen=True, slots=True)
class _Context:
    """Context of one run of one node; see `promptwire.node.Context`."""

    session: Session
    path: str
    round: str
    element: str
    turn: int
    generator: Generator | None
    scorer: Scorer | None
    renderer: Renderer | None
    lost: dict[str, str]
    """Texts of prompts that lost a placeholder, with the path of the step."""

    @property
    def unlimited(self) -> bool:
        return self.session.unlimited

    def rng(self, *purpose: Any, steady: bool = False, shared: bool = False) -> random.Random:
        if shared:
            return stream(self.session.seed, "shared", *purpose)
        return stream(self.session.seed, self.path, "every" if steady else self.round, self.element, *purpose)

    async def ask(self, slots: Model, *, n: int = 1, first: int = 0, conversation: Sequence[Message] = ()) -> tuple[Reply, ...]:
        if self.generator is None:
            raise NodeError("this node was not declared to ask a model", where=self.path, hint="declare @node(slots=...)")
        return await self.generator.ask(slots, n, first, conversation)

    def render(self, slots: Model) -> tuple[str, ...]:
        return self.render_named(slots).get("", ())

    def render_named(self, slots: Model) -> Mapping[str, tuple[str, ...]]:
        if self.renderer is None:
            hint = "declare @node(slots=..., renders=True)"
            raise NodeError("this node was not declared to render a template", where=self.path, hint=hint)
        return self.renderer.render(slots)

    def read(self, text: str, tag: str) -> tuple[str, ...]:
        return parse_reply(text, Parse(tag=tag, all=True))[0]

    async def gather(self, jobs: Sequence[Awaitable[T]]) -> tuple[T, ...]:
        return await gather(jobs)

    async def score(self, prompts: Prompts, examples: Examples, *, partial: bool = False, repeats: int = 1) -> Scores:
        if self.scorer is None:
            raise NodeError("this node was not declared to score prompts", where=self.path, hint="declare @node(scores=True)")
        scorer = self.scorer if repeats == self.scorer.repeats else replace(self.scorer, repeats=repeats)
        return await scorer.score(prompts, examples, partial)

    def new_prompt(
        self,
        text: str,
        *parents: Prompt,
        demos: Sequence[Example] | None = None,
        companions: Mapping[str, str] | None = None,
    ) -> Prompt:
        text = self.session.task.placeholders.as_written(text)
        prompt = Prompt.child(text, *parents, made_by=self.path, round=self.round, demos=demos, companions=companions)
        if self.session.task.placeholders.lacking(text):
            self.lost[text] = self.path
            return prompt
        self.session.candidates.setdefault(prompt.id, prompt)
        return prompt

    def count(self, what: str, n: int = 1) -> None:
        self.session.count(self.path, what, n)


async def call_node(step: CallStep, scope: Scope, session: Session, roles: Mapping[Role, Settings]) -> dict[str, Any]:
    """Run the node of `step` and return its outputs, by port.

    Raises PromptwireError. An exception inside a node becomes a NodeError that names the node.
    """
    kind = step.type
    wanted = step.inputs
    inputs = _build(step, kind.inputs, {port: scope.value(wire, wanted[port]) for port, wire in step.wires.items()})
    _require_values(step, inputs)
    params = _build(step, kind.params, {name: scope.value(wire) for name, wire in step.params.items()})
    generator = scorer = renderer = None
    given = {name: scope.value(wire) for name, wire in step.given.items()}
    if step.rendering is not None:
        place = (session.stream(scope.round), scope.element)
        renderer = Renderer(session, step.path, _with_values(step, step.rendering, scope), given, place, named=kind.named)
    if step.asking is not None:
        asking = _with_values(step, step.asking, scope)
        log = AskedLog(session.trace, step.path, scope.round, scope.element)
        if kind.slots is not None:
            position = StepPosition(step.path, scope.element, scope.twin)
            kept = session.task.placeholders if writes_prompts(step, params) else Placeholders()
            generator = Generator(session, step.path, asking, given, roles, session.stream(scope.round), position, log, kept)
        if kind.scores:
            scorer = Scorer(session, step.path, asking, roles, log=log)
    turn = session.turn(step.path, scope.element)
    context = _Context(session, step.path, scope.round, scope.element, turn, generator, scorer, renderer, {})
    try:
        outputs = await kind.run(inputs, params, context)
    except ReplyError as error:
        error.where = error.where or step.path
        raise
    except PipelineError as error:
        # The error of a template names its file only; the node and round are added here.
        named = f" (node {step.path!r}" + (f", round {from_one(scope.round)}" if scope.round else "") + ")"
        raise PipelineError(replace(one, message=one.message + named) for one in error.problems) from error
    except PromptwireError:
        raise
    except Exception as error:
        raise NodeError(f"the node {kind.name!r} failed: {type(error).__name__}: {error}", where=step.path) from error
    _bound_failures(step, session)
    if not isinstance(outputs, kind.outputs):
        raise NodeError(f"the node {kind.name!r} gave {type(outputs).__name__}, not its Outputs", where=step.path)
    found = {name: getattr(outputs, name) for name in step.outputs}
    if not context.lost:
        return found
    found, dropped = without_lost(found, context.lost)
    context.count(LOST, dropped)
    return found


def _with_values(step: CallStep, spec: S, scope: Scope) -> S:
    """Engine keys of the step with the values of their references."""
    try:
        return resolved(spec, scope.value)
    except ValidationError as error:
        detail = error.errors()[0]
        problem = f"settings: {'.'.join(map(str, detail['loc']))}: {detail['msg']}, got {detail['input']!r}"
        raise NodeError(problem, where=f"{step.path} ({step.location})") from error


def _bound_failures(step: CallStep, session: Session) -> None:
    """Raise NodeError when the share of the step's failed calls, over all rounds, exceeds `max_failed`."""
    count = session.gateway.usage.steps.get(step.path)
    if step.asking is None or count is None:
        return
    calls = count.new + count.cached + count.failed
    if count.failed > step.asking.max_failed * calls:
        problem = f"{count.failed} of {calls} calls failed, more than max_failed: {step.asking.max_failed:g} allows"
        raise NodeError(problem, where=step.path, hint="run it again: finished calls come from the cache")


def _require_values(step: CallStep, inputs: Model) -> None:
    """Raise NodeError for a node that reads the values of scores, when the metric of one of its inputs gave none."""
    given = [getattr(inputs, name) for name in step.type.inputs.model_fields] if step.type.values else []
    if any(isinstance(value, Scores) and any(not row.valued for row in value.rows) for value in given):
        problem = f"{step.type.name} compares values, and these scores have none"
        raise NodeError(problem, where=step.path, hint="score with a metric that gives values, or use the node duel")


def _build(step: CallStep, schema: type[Model], values: dict[str, Any]) -> Model:
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        detail = error.errors()[0]
        name = ".".join(map(str, detail["loc"]))
        raise NodeError(f"{name!r} of {step.type.name!r}: {detail['msg']}", where=f"{step.path} ({step.location})") from error
