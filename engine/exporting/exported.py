"""What is exported of a run: one prompt with its request pattern, settings, metric and held-out examples.

All of it comes from the run folder, so that a run can be exported after its task was changed or deleted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from promptwire.errors import RunError
from promptwire.results.heldout_rows import PairedRow, Side
from promptwire.results.lenient import as_dict, as_text, read_object
from promptwire.results.report import Report, Score
from promptwire.results.request_pattern import RequestPattern
from promptwire.results.run import Run
from promptwire.results.task_record import TaskRecord, read_task_record
from promptwire.values import Example, Prompt

__all__ = ["Exported", "Which", "exported"]

Which = Literal["best", "initial"]
"""Prompts of a run that can be exported."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One prompt of a finished run, and what belongs to it."""

    run: Run
    """The run."""
    report: Report
    """Its report."""
    which: Which
    """Which of its prompts this is."""
    prompt: Prompt
    """The prompt, with its demonstrations."""
    pattern: RequestPattern
    """Its requests, with slots in the places of the input. The demonstrations are in it."""
    record: TaskRecord
    """Settings, metric, labels, and how answers are read."""
    rows: tuple[PairedRow, ...]
    """Held-out examples with the results of both prompts; empty when the run compared nothing."""

    @property
    def tests(self) -> tuple[Example, ...]:
        """Held-out examples."""
        return tuple(row.example for row in self.rows if row.example is not None)

    @property
    def score(self) -> Score:
        """Held-out score of the prompt, as the report has it."""
        return self.report.test.best if self.which == "best" else self.report.test.initial

    @property
    def model(self) -> str:
        """Name of the task model, such as `openai/gpt-4o-mini`."""
        return self.report.models.get("task", "")

    @property
    def identity(self) -> str:
        """What the cache knows the task model by, with the address of its server; empty when the run folder does not tell."""
        models = as_dict(as_dict(read_object(self.run.folder / "run.json")).get("models"))
        return as_text(as_dict(models.get("task")).get("identity"))

    @property
    def name(self) -> str:
        """Name of the task as a part of a file name."""
        return re.sub(r"[^A-Za-z0-9._-]+", "-", self.record.task).strip("-.")[:80] or "prompt"

    @property
    def module(self) -> str:
        """The same as a part of the name of a Python module, which `import` takes."""
        name = re.sub(r"[^A-Za-z0-9_]+", "_", self.name).strip("_")
        return f"task_{name}" if name[:1].isdigit() else name or "prompt"

    @property
    def request_settings(self) -> dict[str, Any]:
        """Sampling settings as parameters of an OpenAI-compatible request: only those that are sent."""
        settings = self.record.settings
        named = {"temperature": settings.temperature, "top_p": settings.top_p, "max_tokens": settings.max_tokens}
        found: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        return {**found, **({"stop": [*settings.stop]} if settings.stop else {}), **settings.extra}

    def side(self, row: PairedRow) -> Side:
        """Result of this prompt in `row`."""
        return row.best if self.which == "best" else row.initial


def exported(run: Run, which: Which = "best") -> Exported:
    """Return what is exported of `run`. Raises RunError for a run that has not finished or that kept too little."""
    where, again = str(run.folder), "run the same command again; finished calls come from the cache"
    report = run.report
    if report is None:
        raise RunError(f"this run has no report: it {run.state.sentence}", where=where, hint=again)
    record = read_task_record(run.folder)
    if record is None:
        problem = "this run keeps no task.json, which an export is made of: an earlier version wrote it, or it was removed"
        raise RunError(problem, where=where, hint=again)
    pattern = record.best if which == "best" else record.initial
    if pattern is None:
        hint = "use a task template that shows `example` or its fields and does nothing else with them"
        raise RunError(f"the requests of this run can't be exported: {record.problem}", where=where, hint=hint)
    initial = run.initial or Prompt(text=report.initial_prompt)
    best = Prompt(text=report.prompt, demos=report.demos, companions=report.companions)
    prompt = best if which == "best" else initial
    found = Exported(run, report, which, prompt, pattern, record, run.rows())
    try:
        for example in found.tests:
            pattern.sent(example)
    except KeyError as error:
        raise RunError(
            f"a held-out example lacks the field {error.args[0]!r} of the request", where=where, hint=again
        ) from error
    return found
