"""Contents of a sweep file, key by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field

from promptwire.limits import RateLimits, SharedLimits
from promptwire.node import Role
from promptwire.values import Model

__all__ = ["ModelEntry", "PipelineEntry", "SweepSpec", "TaskEntry"]

Resources = Mapping[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]]


class PipelineEntry(Model):
    """One pipeline of a sweep. A text alone is the pipeline, with settings as for `promptwire compare`."""

    called: ClassVar[str] = "a pipeline of a sweep"

    pipeline: str = Field(min_length=1)
    """Name of a shipped pipeline, or a file."""
    name: str = ""
    """Name in tables; by default the pipeline and its settings."""
    params: Mapping[str, Any] = {}
    """Values of its params."""
    set: Mapping[str, Any] = {}
    """Values of any leaf by its dotted path, as for `--set`."""
    resources: Resources = {}
    """What one of its runs takes of a worker, such as `{gpu: 1}`."""


class TaskEntry(Model):
    """One task of a sweep. A text alone is the task. Other keys replace those of the task file, such as `prompt`."""

    model_config = ConfigDict(extra="allow")
    called: ClassVar[str] = "a task of a sweep"

    task: str = Field(min_length=1)
    """A shipped task, a task file, a folder or a data file."""
    name: str = ""
    """Name in tables; by default that of the file."""


class ModelEntry(Model):
    """The models of one column of a sweep. A text alone is the model of all roles."""

    called: ClassVar[str] = "the models of a sweep"

    name: str = ""
    """Name in tables; by default that of the task model."""
    task: str = ""
    """Model of the role `task`."""
    meta: str = ""
    """Model of the role `meta`; by default the task model."""
    judge: str = ""
    """Model of the role `judge`; by default the meta model."""
    api_bases: Mapping[Role, str] = {}
    """Address of an OpenAI-compatible server, by role."""
    limits: Mapping[Role, RateLimits] = {}
    """Rate limits of one cell, by role."""
    resources: Resources = {}
    """What a run with these models takes of a worker, such as `{gpu: 1}`."""


class CellLimits(Model):
    """Budgets of each cell. They replace those of the pipelines. None is no limit."""

    called: ClassVar[str] = "the limits of a cell"

    calls: int | None = Field(default=None, ge=0)
    """Most new calls."""
    tokens: int | None = Field(default=None, ge=0)
    """Most tokens, read and written."""
    usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Most US dollars."""
    seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Longest time."""


class LimitsSpec(Model):
    """Limits of a sweep."""

    called: ClassVar[str] = "the limits of a sweep"

    cell: CellLimits = CellLimits()
    """Limits of each cell."""
    all: SharedLimits = SharedLimits()
    """Limits of all cells together."""


def _entry(key: str) -> Any:
    """Makes a text alone the value of `key` in a mapping."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


def _seeds(value: Any) -> Sequence[int]:
    """The seeds of a number or of a list. A range has no size in memory, so a large number is refused later, with its cells."""
    numbers = value if isinstance(value, list | tuple) else [value]
    if numbers and all(type(one) is int and one >= 0 for one in numbers) and len(set(numbers)) == len(numbers):
        seeds = numbers if isinstance(value, list | tuple) else range(value)
        if len(seeds):
            return seeds
    raise ValueError("give their number, or different whole numbers of at least 0, such as [3, 4, 5]")


class SweepSpec(Model):
    """Contents of a sweep file."""

    called: ClassVar[str] = "a sweep file"

    promptwire: int = Field(default=1, ge=1, le=1)
    """Version of the format."""
    sweep: str = Field(min_length=1, max_length=80)
    """Name of the sweep."""
    doc: str = ""
    """Description in one sentence."""
    pipelines: tuple[Annotated[PipelineEntry, _entry("pipeline")], ...]
    """The pipelines."""
    tasks: tuple[Annotated[TaskEntry, _entry("task")], ...]
    """The tasks."""
    models: tuple[Annotated[ModelEntry, _entry("task")], ...] = ()
    """The models; without any, the embedded model."""
    seeds: Annotated[Any, BeforeValidator(_seeds)] = range(3)
    """Number of seeds, from 0 on, or the seeds themselves."""
    repeats: int = Field(default=1, ge=1)
    """Answers per prompt and held-out example in the comparison of each cell."""
    limits: LimitsSpec = LimitsSpec()
    """Limits of each cell and of all."""
    baseline: bool = False
    """Whether `random-search` is added, with as many task calls as the others."""
    plugins: tuple[str, ...] = ()
    """Python files with nodes or metrics. Their code is run when the user allows it, by `--plugins`."""
