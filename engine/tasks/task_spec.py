"""Contents of a task file, key by key."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from promptwire.backend import Settings
from promptwire.local_settings import LocalSettings
from promptwire.metrics.json_fields import FieldRule
from promptwire.metrics.tolerance import Tolerance
from promptwire.node import Role
from promptwire.tasks.columns import Columns, repeated
from promptwire.tasks.message_template import TemplateMessage
from promptwire.tasks.reading.form import DataForm
from promptwire.templating.parsing import Parse
from promptwire.values import Model

__all__ = ["TaskSpec"]


class DataFiles(DataForm):
    """The data files of a task, relative to the task file, and how they are written."""

    called: ClassVar[str] = "'data'"

    train: str | tuple[str, ...]
    """Examples that an optimizer may see. Of several files, the first holds an input a line, each other an output a line."""
    dev: str | tuple[str, ...] | None = None
    """Examples for choosing between prompts. When not given, half of train if a pipeline needs them."""
    test: str | tuple[str, ...] | None = None
    """Held-out examples for the report. When not given, half of train."""
    split: str | None = Field(default=None, min_length=1)
    """Column that says which split a row of `train` is for: train, dev (or validation) or test."""

    @model_validator(mode="after")
    def _is_one_file(self) -> Self:
        if self.split is not None and (other := next((name for name in ("dev", "test") if getattr(self, name)), None)):
            raise ValueError(f"`split` divides the rows of train, so there is no file for {other}: leave out one of them")
        return self

    @field_validator("train", "dev", "test")
    @classmethod
    def _name_files(cls, files: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        if files == "" or (isinstance(files, tuple) and (len(files) < 2 or "" in files)):
            raise ValueError("name a file; of several, the first holds an input a line, and the others its outputs")
        return files


class ModelSpec(Model):
    """Settings of one role's model in a task file."""

    called: ClassVar[str] = "'models'"

    local: LocalSettings = LocalSettings()
    """Settings of a local model."""


class TaskSpec(Model):
    """Contents of a task file."""

    called: ClassVar[str] = "a task file"

    promptwire: int = Field(default=1, ge=1, le=1)
    """Version of the format."""
    task: str = ""
    """Name of the task; by default the file's name."""
    doc: str = ""
    """Description of the task in one sentence."""
    prompt: str | tuple[str, ...] = ""
    """Initial prompt or prompts; may be empty text, as in OPRO."""
    data: DataFiles
    """The data files."""
    columns: Columns = Columns()
    """Columns of the data files that hold input and output."""
    template: str | tuple[TemplateMessage | Literal["turns"], ...] = "task/chat.j2"
    """Template that makes a request to the task model from prompt and input: a file, or a list of messages."""
    placeholders: tuple[str, ...] | None = None
    """Fields that prompts are filled with; by default those that the initial prompts have in braces. `[]` fills in none."""
    metric: str = "exact"
    """Metric that scores an answer."""
    watch: tuple[str, ...] = ()
    """More metrics whose held-out scores the report shows. They score the same answers, without calls of their own."""
    json_schema: str | dict[str, Any] | None = None
    """JSON Schema of the answer, or a file with one, for the metrics over JSON, such as `json` and `valid-json`."""
    fields: dict[str, FieldRule] = {}
    """How fields of a JSON answer are compared: a metric, or `{metric: ..., tolerance: ..., ordered: ...}`, by path."""
    tolerance: Tolerance | None = None
    """How far a number may be off, for `numeric`, `json` and `json-fields`: an amount such as 0.01, or a share such as `1%`."""
    rubric: str | None = None
    """Template of the judge, for the metric `judge`. Under `none`: of a judge of two answers, for the report."""
    labels: tuple[str, ...] = ()
    """The possible answers, for the metric `choice`."""
    group: str | None = Field(default=None, min_length=1)
    """Column that names the group of an example, such as its document, for examples that are not independent."""
    settings: Settings = Settings()
    """Sampling settings of the task model."""
    models: dict[Role, ModelSpec] = {}
    """Settings of local models by role."""
    parse: Parse | None = None
    """How the answer is read out of a reply; by default as the template says."""

    @field_validator("prompt")
    @classmethod
    def _has_a_prompt(cls, prompt: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if prompt == ():
            raise ValueError("write at least one prompt; an empty text is allowed")
        return prompt

    @field_validator("template")
    @classmethod
    def _has_a_message(cls, template: Any) -> Any:
        if template == ():
            raise ValueError("write at least one message, or leave the key out")
        return template

    @field_validator("watch", mode="before")
    @classmethod
    def _one_or_several(cls, watch: Any) -> Any:
        return (watch,) if isinstance(watch, str) else watch

    @model_validator(mode="after")
    def _is_used(self) -> Self:
        names = {self.metric, *self.watch}
        for key, takers in (("fields", ("json", "json-fields")), ("tolerance", ("numeric", "json", "json-fields"))):
            if key in self.model_fields_set and not names & {*takers}:
                raise ValueError(f"the metric {self.metric!r} takes no {key}; {', '.join(takers)} do")
        return self

    @field_validator("labels")
    @classmethod
    def _differ(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if again := repeated(label.strip() for label in labels):
            raise ValueError(f"the label {again!r} is there twice; write each label once")
        return labels
