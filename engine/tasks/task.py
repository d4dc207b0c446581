"""A task: initial prompt, examples, template, parser and metric.

Pipelines and tasks are independent. A run binds a task to a pipeline's inputs by name (`seed`, `train`, `dev`). No node sees
the held-out test examples: only the report uses them. A task comes from a task file, from a folder with `train.jsonl` and
`test.jsonl`, or from one data file, which is then split. See `load_task`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, SkipValidation

from promptwire.backend import Settings
from promptwire.documents.document import Document
from promptwire.documents.validation_errors import validate
from promptwire.errors import DataError, UsageError
from promptwire.local_settings import LocalSettings
from promptwire.metrics.json_fields import FieldRule, adapted
from promptwire.metrics.metric import Metric, find_metric, needs_outputs
from promptwire.metrics.tolerance import Tolerance
from promptwire.node import Role
from promptwire.tasks.data_notes import data_notes, require_groups
from promptwire.tasks.file_reach import TaskFiles, read_schema
from promptwire.tasks.prompt_form import prompt_form
from promptwire.tasks.readers import Loaded, read_examples
from promptwire.tasks.reading.hub import PREFIX
from promptwire.tasks.split_column import by_split
from promptwire.tasks.splits import split
from promptwire.tasks.task_source import find_source, with_changes
from promptwire.tasks.task_spec import TaskSpec
from promptwire.templating.parsing import Parse
from promptwire.templating.task_request import TaskForm
from promptwire.templating.template import Template, load_template, read_template
from promptwire.values import Examples, Model, Prompt, Prompts
from promptwire.values.placeholders import Placeholders

__all__ = ["Task", "TaskSpec", "build_task", "load_document", "load_task"]

TEST_SHARE = 0.5
DEV_SHARE = 0.5


class Task(Model):
    """A loaded task."""

    name: str
    """Name of the task."""
    doc: str
    """Description of the task in one sentence."""
    prompts: Prompts
    """Initial prompts."""
    train: Examples
    """Examples that an optimizer may see."""
    dev: Examples | None
    """Examples for choosing between prompts; None when the data has none."""
    test: Examples
    """Held-out examples."""
    template: str
    """Path of the template that joins prompt and input."""
    metric: str
    """Name of the metric."""
    watch: tuple[str, ...] = ()
    """Names of the metrics that the report shows beside it."""
    json_schema: dict[str, Any] | None = None
    """JSON Schema of the answer; None when there is none."""
    fields: dict[str, FieldRule] = {}
    """How fields of a JSON answer are compared, by path."""
    tolerance: Tolerance | None = None
    """How far a number may be off; None for no more than rounding."""
    rubric: str | None
    """Path of the judge's template, for the metric `judge`; under `none` that of a judge of two answers."""
    labels: tuple[str, ...]
    """The possible answers, for the metric `choice`."""
    group: str | None = None
    """Column that names the group of an example; None for examples that are independent."""
    settings: Settings
    """Sampling settings of the task model."""
    local: Mapping[Role, LocalSettings] = {}
    """Settings of local models by role."""
    parse: Parse | None
    """How the answer is read out of a reply; None means as the template says."""
    placeholders: Placeholders = Placeholders()
    """The placeholders of its prompts, where the input is filled in."""
    messages: str = ""
    """Source of the template, when it is a list of messages in the task file; empty when it is a file of its own."""
    notes: tuple[str, ...] = ()
    """Notes on the data for the user: splits that were made, rows that were dropped."""
    told: tuple[str, ...] = Field(default=(), exclude=True, repr=False)
    """Those of its notes that say what the task model gets, for a plan."""
    in_memory: bool = Field(default=False, exclude=True, repr=False)
    """Whether its examples were given in Python, so that no file holds them."""
    function: SkipValidation[Metric] | None = Field(default=None, exclude=True, repr=False)
    """The metric called `metric`, when it was given in Python; its name holds a hash of its source."""

    @property
    def judges_pairs(self) -> bool:
        """Whether a judge compares the answers of two prompts, since the metric gives them no value."""
        return self.rubric is not None and not self.load_metric().valued

    @property
    def form(self) -> TaskForm:
        """What its requests need beside the template."""
        return TaskForm(self.labels, self.placeholders)

    def load_template(self, own: str | None = None) -> Template:
        """Load the template that joins prompt and input: the file `own` of a step, or the task's."""
        if self.messages and not own:
            return read_template(self.template, self.messages)
        return load_template(Path(own or self.template))

    def load_metric(self, name: str | None = None) -> Metric:
        """Load the metric `name`, or the task's own. Raises UsageError when an example does not fit it."""
        given = self.function if name in (None, self.metric) else None
        found = given or adapted(
            find_metric(name or self.metric), self.json_schema, fields=self.fields, tolerance=self.tolerance
        )
        # The held-out examples are checked too: they are scored last, when all else is paid for.
        examples = (*self.train.items, *(self.dev.items if self.dev else ()), *self.test.items)
        lacking = sum(not example.outputs for example in examples)
        if found.reference and lacking:
            problem = f"task {self.name!r}: {lacking} of {len(examples)} examples have no accepted output"
            hint = f"the metric {found.name!r} compares with one; without outputs use the metric judge, or none"
            raise UsageError(problem, hint=hint)
        problem = found.accepts(examples, self.labels)
        if problem:
            raise UsageError(f"task {self.name!r} can't be scored with the metric {found.name!r}: {problem}")
        return found

    def load_watched(self) -> tuple[Metric, ...]:
        """Load the metrics that the report shows beside the task's own.

        Raises UsageError for a metric that does not fit an example, and for one that can't score the same answers.
        """
        own, found = self.load_metric(), tuple(map(self.load_metric, self.watch))
        for metric in found:
            if own.needs == "logprob" or metric.needs not in ("text", own.needs) or metric.needs == "judge":
                problem = f"the metric {metric.name!r} can't be watched beside {own.name!r}: it would need calls of its own"
                raise UsageError(problem, hint="watch metrics that read the reply, such as exact, contains or f1")
        return found

    def with_dev(self) -> Task:
        """This task with dev examples. They are taken from train when it has none."""
        if self.dev is not None:
            return self
        train, dev = split(self.train, DEV_SHARE, "dev", group=self.group)
        note = f"dev: {len(dev)} examples taken from train, which keeps {len(train)}"
        return self.model_copy(update={"train": train, "dev": dev, "notes": (*self.notes, note)})


def load_task(source: str, changes: Mapping[str, Any] | None = None) -> Task:
    """Load the task `source`: a shipped task's name, a task file, a folder, or a data file.

    In a folder, `task.yaml` is read, or else `train`, `dev` and `test` files of a known kind. `changes` are task-file keys that
    replace those of the file, such as `prompt` or `metric`.

    Raises PipelineError, DataError or UsageError.
    """
    folder, found = find_source(source)
    return load_document(folder, with_changes(found, changes or {}), frozenset(changes or ()))


def load_document(folder: Path, document: Document, given: frozenset[str] = frozenset()) -> Task:
    """Load the task that `document` describes, with its data in `folder`. `given` are the keys that the user gave.

    Raises PipelineError, DataError or UsageError.
    """
    spec = validate(TaskSpec, document.data or {}, document)
    files = TaskFiles(folder, document, given)

    def read(name: str, file: str | tuple[str, ...]) -> tuple[Loaded, str]:
        path: Path | str | tuple[Path, ...]
        if isinstance(file, tuple):
            path = tuple(files.data("data", name, file=one) for one in file)
        else:
            path = file if file.startswith(PREFIX) else files.data("data", name, file=file)
        where = str(path[0] if isinstance(path, tuple) else path)
        return read_examples(path, spec.columns, outputs=needs_outputs(spec.metric), form=spec.data), where

    return build_task(spec, files, Path(document.file).stem, read)


def build_task(spec: TaskSpec, files: TaskFiles, stem: str, read: Callable[[str, Any], tuple[Loaded, str]]) -> Task:
    """The task of `spec`. `read` gives the examples of a split and where they are; `stem` is the task's name if it has none."""
    notes, places = list[str](), dict[str, str]()

    def examples(name: str, file: str | tuple[str, ...] | None) -> Examples | None:
        if file is None:
            return None
        loaded, places[name] = read(name, file)
        if spec.group is not None:
            require_groups(loaded.examples, spec.group, places[name])
        notes.extend(f"{name}: {note}" for note in _loading_notes(loaded))
        return loaded.examples

    train = examples("train", spec.data.train) or Examples()
    dev = examples("dev", spec.data.dev)
    test = examples("test", spec.data.test)
    if spec.data.split is not None:
        train, dev, test = by_split(train, spec.data.split, places["train"])
    if test is None:
        try:
            train, test = split(train, TEST_SHARE, "test", group=spec.group)
        except DataError as error:
            error.where = places["train"]
            raise
        notes.append(f"test: {len(test)} examples held out of train, which keeps {len(train)}")
    form = prompt_form(spec, files, (train, test, *(() if dev is None else (dev,))))
    return Task(
        name=spec.task or stem,
        doc=spec.doc,
        prompts=Prompts.of(Prompt(text=text) for text in form.prompts),
        train=form.sets[0],
        dev=None if dev is None else form.sets[2],
        test=form.sets[1],
        template=form.template,
        messages=form.messages,
        placeholders=form.placeholders,
        metric=spec.metric,
        watch=tuple(name for name in dict.fromkeys(spec.watch) if name != spec.metric),
        json_schema=read_schema(spec.json_schema, files),
        fields=spec.fields,
        tolerance=spec.tolerance,
        rubric=_rubric(spec, files),
        labels=spec.labels,
        group=spec.group,
        settings=spec.settings,
        local={role: given.local for role, given in spec.models.items()},
        parse=spec.parse,
        notes=(*notes, *data_notes(test, train, dev, spec.group), *form.notes),
        told=form.told,
    )


def _loading_notes(loaded: Loaded) -> Iterator[str]:
    """Notes on the rows of one file."""
    yield from loaded.notes
    if loaded.duplicates:
        yield f"{loaded.duplicates} repeated rows dropped"
    if lacking := sum(not example.outputs for example in loaded.examples.items):
        yield f"{lacking} of {len(loaded.examples)} examples have no accepted output"


def _rubric(spec: TaskSpec, files: TaskFiles) -> str | None:
    """Path of the judge's template; None for a metric without a judge."""
    name = spec.rubric or "task/judge.j2" if spec.metric == "judge" else spec.rubric if spec.metric == "none" else None
    return str(files.template("rubric", name)) if name else None
