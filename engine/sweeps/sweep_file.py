"""Sweep file: read, checked, and made into cells.

Files in it are found from its own folder. Every error names the line and the column in the sweep file, or in the pipeline or
task that it is in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from promptwire.api import plan
from promptwire.cache.policy import CachePolicy
from promptwire.documents.document import Document, KeyPath, Position, Source, YamlValue, yaml_value_of
from promptwire.documents.validation_errors import validate
from promptwire.documents.yaml_reader import read_yaml
from promptwire.errors import ModelError, PipelineError, Problem, PromptwireError, UsageError
from promptwire.limits import SharedLimits
from promptwire.options import Options
from promptwire.planning.plan import Plan
from promptwire.sweeps.baseline import with_baseline
from promptwire.sweeps.cell_keys import CellKeys
from promptwire.sweeps.entries import EntryReader, ModelColumn, PipelineRow, TaskColumn
from promptwire.sweeps.matrix import Block, Cell, check_size, row_name
from promptwire.sweeps.sweep_spec import SweepSpec
from promptwire.values.hashing import digest

__all__ = ["GIVEN", "Sweep", "read_sweep"]

GIVEN = "sweep given in Python"
"""Where the errors of such a sweep are."""
_MODEL: Final = "--model"
"""Where the errors of a model's name are."""
_LISTS: Final = ("pipelines", "tasks", "models", "plugins")


@dataclass(frozen=True)
class Sweep:
    """A sweep: its cells, and the limits of all of them together."""

    name: str
    """Its name."""
    file: str
    """Its file."""
    cells: tuple[Cell, ...]
    """All its cells."""
    limits: SharedLimits
    """Limits of all cells together."""
    places: Mapping[tuple[str, str], str]
    """Where in the file the pipeline of each row and task is named, by their names in tables."""
    model_places: Mapping[str, str]
    """Where in the file the models of each column are named, by their name in tables."""

    @cached_property
    def id(self) -> str:
        """Hash of its name and cells. Limits of all cells are no part of it: with higher ones, the same sweep goes on."""
        return digest([self.name, sorted(cell.key for cell in self.cells)], 16)

    def plan(self, cell: Cell) -> Plan:
        """The plan of a cell. An error names the cell, and where the file names its pipeline or its models."""
        try:
            return plan(cell.pipeline, cell.task, cell.options)
        except PipelineError:
            raise
        except PromptwireError as error:
            of_model = error.where == _MODEL or isinstance(error, ModelError)
            place = self.model_places.get(cell.model) if of_model else self.places.get((cell.row, cell.task_name))
            _put(error, f"{place or self.file}: {cell.row} on {cell.task_name}")
            raise


def read_sweep(source: str | Path | Mapping[str, Any], *, cache: CachePolicy = "use", cache_url: str | None = None) -> Sweep:
    """Read a sweep from its file, or from the contents of one, and check all that needs no model.

    `cache` and `cache_url` are options of all its runs. No code is run that a sweep file names: the caller has loaded its
    plug-ins. Raises PipelineError, DataError or UsageError with the place of the error.
    """
    document, folder = _document(source)
    if not isinstance(document.root.value, dict):
        hint = "begin with the lines 'promptwire: 1', 'sweep: NAME', 'pipelines: [ape]' and 'tasks: [sentiment]'"
        raise PipelineError([Problem("shape", document.location(), "a sweep file is a mapping of keys to values", hint)])
    document = _listed(document, document.root.value)
    spec = validate(SweepSpec, document.data, document)
    _refuse_size(spec, document)
    reader = EntryReader(document, folder)
    plugins = tuple(reader.plugin(place, file) for place, file in enumerate(spec.plugins))
    reader.finish()
    rows = [reader.pipeline(place, entry) for place, entry in enumerate(spec.pipelines)]
    tasks = [reader.task(place, entry) for place, entry in enumerate(spec.tasks)]
    models = [reader.model(place, entry) for place, entry in enumerate(spec.models)] or [ModelColumn(0, "", {}, {}, {}, {})]
    reader.finish()
    blocks = list(_blocks(spec, rows, tasks, models, plugins=plugins, told={"cache": cache, "cache_url": cache_url}))
    keys, made, places, model_places = CellKeys(), [], {}, {}
    for (row, task, model), block in blocks:
        at: KeyPath = ("pipelines", row.place)
        with _at(document, at):
            keys.load_pipeline(block.pipeline, block.options)
        with _at(document, ("tasks", task.place)):
            keys.load_task(block.task, block.options.task)
        with _at(document, ("models", model.place)):
            made.append((block, keys.key(block.pipeline, block.task, block.options, plugins)))
        places[block.row, block.task_name] = str(document.location(at))
        model_places[block.model] = str(document.location(("models", model.place)))
    cells = tuple(block.cell(seed, key) for seed in spec.seeds for block, key in made)
    if spec.baseline:
        with _at(document, ("baseline",)):
            cells = with_baseline(cells)
    _refuse_twins(cells, document)
    return Sweep(spec.sweep, document.file, cells, spec.limits.all, places, model_places)


def _document(source: str | Path | Mapping[str, Any]) -> tuple[Document, Path]:
    """The sweep as a document, and the folder from which its files are found."""
    if isinstance(source, Mapping):
        return Document(GIVEN, yaml_value_of(_plain(source), Position(Source(GIVEN)))), Path()
    return read_yaml(source), Path(source).parent


def _plain(value: Any) -> Any:
    """`value` as a file would hold it. Raises UsageError for what no file can hold."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Path):
        return str(value)
    hint = "write a task into a file, and name a function by a plug-in; promptwire.compare takes tasks as values"
    raise UsageError(f"a sweep can't hold a value of the type {type(value).__name__}", where=GIVEN, hint=hint)


def _listed(document: Document, keys: Mapping[str, YamlValue]) -> Document:
    """`document` with a list of one entry where an entry stands alone."""
    found = {
        key: replace(one, value=[replace(one, key=None)]) if key in _LISTS and isinstance(one.value, str | dict) else one
        for key, one in keys.items()
    }
    return replace(document, root=replace(document.root, value=found))


def _refuse_size(spec: SweepSpec, document: Document) -> None:
    """Raise UsageError for too many cells, PipelineError for none."""
    for key, entries in (("pipelines", spec.pipelines), ("tasks", spec.tasks)):
        if not entries:
            raise PipelineError(
                [Problem("shape", document.location((key,)), f"{key!r} is empty", "it needs at least one entry")]
            )
    rows = len(spec.pipelines) + spec.baseline
    with _at(document, ("seeds",)):
        check_size(rows, len(spec.tasks), max(1, len(spec.models)), len(spec.seeds))


def _refuse_twins(cells: Sequence[Cell], document: Document) -> None:
    """Raise PipelineError for two cells that are the same run under two names."""
    first: dict[str, Cell] = {}
    for cell in cells:
        twin = first.setdefault(cell.key, cell)
        if twin is not cell:
            message = f"{twin.title} and {cell.title} are the same run"
            raise PipelineError(
                [Problem("sweep", document.location(("pipelines",), key=True), message, "leave one of them out")]
            )


def _blocks(
    spec: SweepSpec,
    rows: Sequence[PipelineRow],
    tasks: Sequence[TaskColumn],
    models: Sequence[ModelColumn],
    *,
    plugins: tuple[str, ...],
    told: Mapping[str, Any],
) -> Iterator[tuple[tuple[PipelineRow, TaskColumn, ModelColumn], Block]]:
    """The blocks of all rows, tasks and models, and what each is made of."""
    limits = spec.limits.cell.model_dump(exclude_none=True)
    plain = {"limits": limits, "repeats": spec.repeats, **told}
    for row in rows:
        for task in tasks:
            for model in models:
                own: dict[str, Any] = {"params": row.params, "patches": row.patches, "task": task.changes}
                own |= {"models": model.models, "api_bases": model.api_bases, "paces": model.paces}
                options = Options.model_validate({**plain, **own})
                name = model.name if len(models) > 1 else ""
                yield (
                    (row, task, model),
                    Block(
                        row_name(row.name, name),
                        task.task,
                        row.pipeline,
                        # The mapping itself: the keys of cells know a task by it.
                        options.model_copy(update={"task": task.changes}),
                        task.name,
                        name,
                        plugins,
                        {**model.resources, **row.resources},
                    ),
                )


@contextmanager
def _at(document: Document, path: KeyPath) -> Iterator[None]:
    """Give an error in the block the place of the entry at `path`, if it has no place in a file."""
    try:
        yield
    except PipelineError as error:
        found = [_placed(problem, document, path) for problem in error.problems]
        raise PipelineError(found) from error
    except PromptwireError as error:
        _put(error, str(document.location(path)))
        raise


def _put(error: PromptwireError, place: str) -> None:
    """Give an error a place in the sweep file, before its own."""
    # The option of the command line that names a model says nothing here.
    error.where = f"{place} ({error.where})" if error.where not in ("", _MODEL) else place
    error.args = (str(error),)


def _placed(problem: Problem, document: Document, path: KeyPath) -> Problem:
    """A problem of what the command line gives is one of the sweep file."""
    return problem if problem.location.line else replace(problem, location=document.location(path))
