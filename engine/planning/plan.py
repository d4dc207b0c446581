"""What a run asks at most, step by step, before anything is spent.

A call is one answer, as in a run's report; answers that the cache has are counted too, for they cost nothing but are needed.
A number is exact where graph and task fix it. Where replies decide - texts may be equal or unreadable, a loop may
end early - it is what can't be exceeded, and is called so. Failed calls and limits make a run smaller, never larger.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

from promptwire.bounds import ONE, Extent
from promptwire.node import Role
from promptwire.planning.walking import Count, walk
from promptwire.running.preflight import bind
from promptwire.running.report import TRAIN_SHOWN
from promptwire.steps import Asking, Graph
from promptwire.task import Task
from promptwire.texts.layout import joined
from promptwire.texts.templating import load
from promptwire.values import Model, Prompt

__all__ = ["Plan", "StepPlan", "plan"]

LETTERS_A_TOKEN: Final = 4
"""Rule of thumb for English; a tokenizer would have to be fetched."""
READ: Final = 50
"""Examples whose rendered length is measured."""


class StepPlan(Model):
    """What one step, or a whole run, asks."""

    path: str
    """The step's path, such as `search.expand.family.edits`."""
    node: str
    """Its node type."""
    model: Role | None
    """The role that it asks; None for a sum over roles."""
    least: int
    """Calls that it makes when nothing fails and no limit ends the run."""
    most: int | None
    """Calls that it can't exceed; None when nobody knows."""
    tokens_in: int | None
    """Tokens read, about, when it makes `most` calls with prompts as long as the first; None where replies decide."""

    @property
    def exact(self) -> bool:
        """Whether graph and task fix the number."""
        return self.least == self.most


class Plan(Model):
    """What a run asks."""

    pipeline: str
    """Name of the pipeline."""
    task: str
    """Name of the task."""
    steps: tuple[StepPlan, ...]
    """The steps that ask a model, in the order in which they could run; the report's held-out comparison is the last."""
    total: StepPlan
    """All of them."""
    limit: int | None
    """Calls after which the pipeline's own limits end the run."""
    notes: tuple[str, ...]
    """What makes numbers uncertain."""


def plan(graph: Graph, task: Task) -> Plan:
    """What running `graph` on `task` asks at most. Raises UsageError for an input that no task gives."""
    if "dev" in graph.inputs:
        task = task.with_dev()
    inputs = {name: Extent.exactly(len(value)) for name, value in bind(graph, task).items()}
    limited = any(
        limit is not None for limit in (graph.limits.calls, graph.limits.tokens, graph.limits.usd, graph.limits.seconds)
    )
    counts = walk(graph, inputs, limited=limited)
    rows = [(path, count, _calls(count, task)) for path, count in counts.items() if count.step.asking is not None]
    rows = [row for row in rows if row[2].most]
    steps = [_row(path, count, calls, task) for path, count, calls in rows]
    report = Extent(1, 2) * (len(task.test) + min(len(task.train), TRAIN_SHOWN)) * _per_pair(None, task)
    steps.append(_step("report", "held-out comparison", "task", report, _length(None, task)))
    whole = sum((calls for _, _, calls in rows), report)
    unsaid = [f"{path}: {count.step.type.name} does not say what it asks" for path, count in counts.items() if not count.known]
    tokens = [step.tokens_in for step in steps if step.tokens_in is not None]
    total = _step("total", "", None, whole, None).model_copy(update={"tokens_in": sum(tokens)})
    return Plan(
        pipeline=graph.name, task=task.name, steps=tuple(steps), total=total, limit=graph.limits.calls, notes=tuple(unsaid)
    )


def _row(path: str, count: Count, calls: Extent, task: Task) -> StepPlan:
    asking = count.step.asking or Asking(role="task")
    length = _length(asking.template, task) if count.step.type.scores else None
    return _step(path, count.step.type.name, asking.role, calls, length)


def _step(path: str, node: str, role: Role | None, calls: Extent, length: float | None) -> StepPlan:
    most = None if math.isinf(calls.most) else int(calls.most)
    tokens = None if most is None or length is None else round(most * length)
    return StepPlan(path=path, node=node, model=role, least=int(calls.least), most=most, tokens_in=tokens)


def _calls(count: Count, task: Task) -> Extent:
    asking = count.step.asking
    return count.asks + count.scores * _per_pair(asking.metric if asking else None, task)


def _per_pair(metric: str | None, task: Task) -> Extent:
    """Calls that score one pair: a judge is asked about what can be read."""
    return Extent(1, 2) if task.load_metric(metric).needs == "judge" else ONE


def _length(template: str | None, task: Task) -> float | None:
    """Tokens that the task model reads of one pair, about: those of the first prompt and some examples."""
    prompt = task.prompts.items[0] if len(task.prompts) else Prompt(text="")
    found = load(Path(template or task.template))
    shown = task.train.items[:READ] or task.test.items[:READ]
    if not shown:
        return None
    texts = [found.render(joined(prompt, example, task.labels)) for example in shown]
    letters = sum(
        len(text.prompt) + len(text.suffix or "") + sum(len(part.content) for part in text.messages) for text in texts
    )
    return letters / len(texts) / LETTERS_A_TOKEN
