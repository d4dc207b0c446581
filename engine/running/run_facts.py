"""Facts of a run that are known at its beginning, for the first line of its trace: they tell a reader what the lines mean."""

from __future__ import annotations

import json
from typing import Any

from promptwire.graph.steps import Graph
from promptwire.limits import Limits
from promptwire.running.session import Session

__all__ = ["run_facts"]


def run_facts(graph: Graph, session: Session, limits: Limits) -> dict[str, Any]:
    """Pipeline, task with the sizes of its splits, models, params with their values in force, and budgets, as JSON values."""
    task, models = session.task, session.models
    splits = {"train": task.train, "dev": task.dev, "test": task.test}
    return {
        "pipeline": graph.name,
        "task": task.name,
        "seed": session.seed,
        "models": {role: model.name for role, model in models.items()},
        "identities": {model.identity: model.name for model in models.values()},
        "limits": limits.model_dump(include={"calls", "tokens", "usd", "seconds"}, exclude_none=True),
        "params": json.loads(json.dumps(dict(graph.params), default=str)),
        "examples": {name: len(rows) for name, rows in splits.items() if rows is not None},
    }
