"""Task record: what a run sent and how it read the answers, as the run folder keeps it in task.json.

A run is exported from its own folder, also after its task file was changed, moved or deleted. The examples are not in it: those
of the final comparison are in values.jsonl.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from promptwire.backend import Settings
from promptwire.local_settings import LocalSettings
from promptwire.metrics.json_fields import FieldRule
from promptwire.metrics.tolerance import Tolerance
from promptwire.node import Role
from promptwire.results.lenient import read_model, read_object
from promptwire.results.request_pattern import RequestPattern
from promptwire.security.secrets import redact_json, secrets
from promptwire.templating.parsing import Parse
from promptwire.values import Model

__all__ = ["TASK", "TaskRecord", "read_task_record"]

TASK: Final = "task.json"
"""Name of the file in the run folder."""


class TaskRecord(Model):
    """What a run sent to the task model, and how it read and scored the answers."""

    called: ClassVar[str] = "a run's task"

    task: str
    """Name of the task."""
    doc: str = ""
    """Description of the task in one sentence."""
    initial: RequestPattern | None = None
    """Requests with the initial prompt; None when they have no pattern."""
    best: RequestPattern | None = None
    """Requests with the best prompt; None when they have no pattern."""
    problem: str = ""
    """Why the requests have no pattern."""
    settings: Settings = Settings()
    """Sampling settings of the requests."""
    parse: Parse = Parse()
    """How the answer is read out of a reply."""
    metric: str
    """Name of the metric."""
    given: bool = False
    """Whether the metric is a function that was given in Python."""
    labels: tuple[str, ...] = ()
    """Labels of the task file."""
    seen_labels: tuple[str, ...] = ()
    """Labels that the metric compares with: those of the task file, or outputs that recur in train."""
    json_schema: dict[str, Any] | None = None
    """JSON Schema of the answer; None when there is none."""
    fields: dict[str, FieldRule] = {}
    """How fields of a JSON answer are compared, by path."""
    tolerance: Tolerance | None = None
    """How far a number may be off; None for no more than rounding."""
    group: str | None = None
    """Column that names the group of an example; None for examples that are independent."""
    rubric: str = ""
    """Source of the judge's template; empty without a judge."""
    judge_settings: Settings = Settings()
    """Sampling settings of the pipeline for the judge."""
    local: Mapping[Role, LocalSettings] = {}
    """Settings of local models by role."""

    def text(self) -> str:
        """Return the record as JSON, without the secrets of the environment."""
        return json.dumps(redact_json(self.model_dump(mode="json", by_alias=True), secrets()), indent=1) + "\n"


def read_task_record(folder: Path) -> TaskRecord | None:
    """Return the record in a run folder; None when there is none that can be read."""
    data = read_object(folder / TASK)
    return None if data is None else read_model(TaskRecord, data)
