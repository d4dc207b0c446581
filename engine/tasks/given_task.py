"""Tasks given in Python: examples as values, a metric as a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from promptwire.documents.document import Document, Position, Source, yaml_value_of
from promptwire.documents.validation_errors import validate
from promptwire.errors import UsageError
from promptwire.metrics.function_metric import check_metric, function_metric
from promptwire.metrics.metric import Metric, needs_outputs
from promptwire.tasks.file_reach import TaskFiles
from promptwire.tasks.given_rows import given_examples
from promptwire.tasks.readers import Loaded
from promptwire.tasks.task import Task, TaskSpec, build_task, load_task

__all__ = ["GIVEN", "given_parts", "make_task", "task_of", "with_metric"]

GIVEN = "given in Python"
"""Where the errors of such a task are, and the file of its examples."""


def make_task(
    examples: Any,
    *,
    prompt: str | tuple[str, ...] | list[str],
    metric: str | Callable[..., Any] | Metric = "exact",
    metric_version: str | None = None,
    test: Any = None,
    dev: Any = None,
    name: str = "examples",
    **keys: Any,
) -> Task:
    """The task of `examples`: dicts, pairs (input, output), or a DataFrame of pandas or polars.

    Half of them are held out when there is no `test`. `prompt` is the initial prompt, or several. `metric` is a name, or a
    function of an answer and the tuple of accepted outputs. Its results are known by a hash of its source; `metric_version`
    replaces that hash. `keys` are other keys of a task file, such as `labels`, `columns`, `template`, `settings` or `group`.

    Raises DataError for examples that are none, UsageError for a metric that can't score them, PipelineError for a wrong key.
    """
    parts = {name: part for name, part in (("train", examples), ("dev", dev), ("test", test)) if part is not None}
    written = {
        **keys,
        "task": name,
        "prompt": prompt if isinstance(prompt, str) else list(prompt),
        "metric": metric if isinstance(metric, str) else "exact",
        "data": dict.fromkeys(parts, GIVEN),
    }
    document = Document(GIVEN, yaml_value_of(_plain(written), Position(Source(GIVEN))))
    spec = validate(TaskSpec, document.data, document)

    needed = metric.reference if isinstance(metric, Metric) else not isinstance(metric, str) or needs_outputs(metric)

    def read(part: str, file: str) -> tuple[Loaded, str]:
        where = "examples" if part == "train" else part
        return given_examples(parts[part], spec.columns, where, outputs=needed), where

    task = build_task(spec, TaskFiles(Path(), document, frozenset(keys)), name, read)
    task = task.model_copy(update={"in_memory": True})
    return task if isinstance(metric, str) else with_metric(task, metric, metric_version)


def with_metric(task: Task, metric: Callable[..., Any] | Metric, version: str | None = None) -> Task:
    """`task` with a function as its metric. Raises UsageError when it can't score the task's own outputs."""
    found = function_metric(metric, version)
    if not isinstance(metric, Metric):
        check_metric(found, task.train.items, task.labels)
    return task.model_copy(update={"metric": found.name, "function": found, "rubric": None})


def task_of(task: Any, changes: Mapping[str, Any]) -> Task:
    """The task that `run` is given: a Task, what `load_task` loads, or examples with the keys `changes` of a task file.

    A metric among `changes` may be a function. Raises what `load_task` and `make_task` raise.
    """
    metric, version = changes.get("metric"), changes.get("metric_version")
    if isinstance(task, Task):
        if others := changes.keys() - {"metric", "metric_version"}:
            raise UsageError(f"{', '.join(sorted(others))}: this task is made already", hint="give it to promptwire.make_task")
        return task if metric is None else with_metric(task, metric, version)
    if not isinstance(task, str):
        if "prompt" not in changes:
            hint = 'say where to start from: prompt="..."; an empty prompt is allowed'
            raise UsageError("the task has no initial prompt", where=GIVEN, hint=hint)
        return make_task(task, **changes)
    if metric is None or isinstance(metric, str):
        return load_task(task, changes)
    rest = {name: value for name, value in changes.items() if name not in ("metric", "metric_version")}
    return with_metric(load_task(task, rest), metric, version)


def given_parts(task: Task) -> tuple[str, ...]:
    """What of `task` was given in Python, for the record of a run."""
    return ("examples",) * task.in_memory + ("metric",) * (task.function is not None)


def _plain(value: Any) -> Any:
    """`value` with lists in place of tuples and dicts in place of models, as a file would hold it."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value
