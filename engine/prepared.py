"""A run and its plan before anything is spent: the checked pipeline, the loaded task, and a backend for each role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptwire.backend import Backend
from promptwire.gateway.approval import ApprovalGate
from promptwire.graph.steps import Graph
from promptwire.language.check import load_graph
from promptwire.limits import Limits
from promptwire.node import Role
from promptwire.options import Options
from promptwire.planning.dry_run import ApproveCost, DryRun
from promptwire.results.provenance import Provenance, fingerprint
from promptwire.results.run_settings import started_with
from promptwire.running.incumbent import require_prompt
from promptwire.running.observer import RunObserver
from promptwire.running.role_models import role_models
from promptwire.security.access_log import FileAccessLog
from promptwire.tasks.given_task import given_parts, task_of
from promptwire.tasks.task import Task

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run and its plan have in common before a session is opened."""

    graph: Graph
    """The checked pipeline."""
    task: Task
    """The task, with the dev examples that the pipeline needs."""
    mark: str
    """Fingerprint of the task as it is written."""
    limits: Limits
    """Limits of the pipeline, with those of the options in their place."""
    models: Mapping[Role, Backend]
    """The backend of each role; none is open yet."""

    repeats: int
    """Answers per prompt and held-out example in the comparison."""
    name: str
    """The task as it was named, or its own name when it was given in Python."""
    options: Options
    """The options with names in place of functions."""

    def started(self, pipeline: str) -> dict[str, Any]:
        """What the run is started with, for its record."""
        metric, mark = self.task.metric, self.mark
        limits, models, group = self.limits, self.models, self.task.group
        return started_with(
            pipeline, self.name, self.options, models=models, metric=metric, limits=limits, task_fingerprint=mark, group=group
        )

    def origin(self, pipeline: str, access_log: FileAccessLog, working: Path) -> Provenance:
        """The provenance of the finished run."""
        models, mark = self.models, self.mark
        found = Provenance.of(
            pipeline, self.name, self.options, models=models, access_log=access_log, task_fingerprint=mark, working=working
        )
        return found.model_copy(update={"given": given_parts(self.task)})

    def observed(
        self, observer: RunObserver | None, approve: ApproveCost | None
    ) -> tuple[list[RunObserver], ApprovalGate | None]:
        """All observers of the run, and the gate that asks `approve`; None where nothing asks."""
        if approve is None:
            return [observer] if observer else [], None
        dry_run = self.dry_run()
        return [dry_run, *([observer] if observer else [])], dry_run.gate(approve)

    def dry_run(self) -> DryRun:
        """An observer that plans what is left of the run at its first call."""
        return DryRun(self.graph, self.task, self.models, self.limits, repeats=self.repeats)


def prepare(
    pipeline: str,
    task: Any,
    options: Options,
    *,
    observer: RunObserver | None = None,
    models: Mapping[Role, Backend] | None = None,
) -> Prepared:
    """Check the pipeline, load the task and make the backends. Raises PipelineError, DataError or UsageError."""
    graph = load_graph(pipeline, params=options.params, patches=options.patches)
    require_prompt(graph)
    loaded = task_of(task, options.task)
    mark = fingerprint(loaded)
    limits = graph.limits.with_budgets(options.limits)
    loaded = loaded.with_dev() if "dev" in graph.inputs else loaded
    models = models or role_models(options, observer, limits, graph=graph, task=loaded)
    metric = {"metric": loaded.metric} if "metric" in options.task else {}
    named = task if isinstance(task, str) else loaded.name
    plain = options.model_copy(update={"task": {**options.task, **metric}})
    return Prepared(graph, loaded, mark, limits, models, options.repeats, named, plain)
