"""Checks a task as a run loads it: what its data can't show, and three requests as the task model gets them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from promptwire.planning.warnings import held_out_warnings
from promptwire.task_init.answer_kind import AnswerKind
from promptwire.task_init.row_facts import RowFacts
from promptwire.tasks.data_notes import data_notes
from promptwire.tasks.task import Task
from promptwire.trying.request import Tried, try_scoring
from promptwire.values import Example, Examples
from promptwire.values.notes import read_note

__all__ = ["Checked", "check_task"]

_REQUESTS = 3


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found when a task was loaded."""

    train: int
    """Examples of train."""
    dev: int | None
    """Examples of dev; None without any."""
    test: int
    """Held-out examples."""
    warnings: tuple[str, ...]
    """What makes scores wrong, or says too little."""
    notes: tuple[str, ...]
    """What the loader took for granted."""
    requests: tuple[Tried, ...]
    """Requests to the task model, and to the judge where there is one, of the first examples."""


def check_task(task: Task, facts: RowFacts, kind: AnswerKind) -> Checked:
    """Check `task`, of whose rows `facts` were counted. Raises UsageError where the metric can't score the examples."""
    metric = task.load_metric()
    task.load_watched()
    known = {*data_notes(task.test, task.train, task.dev, None)}
    told = facts.no_input.count or facts.contradictions.count or facts.shared.count
    notes = [note for note in task.notes if note not in known or not told]
    found = [*_row_warnings(facts), *kind.warnings, *_label_warnings(task, kind)]
    found += [read_note(note).text for note in notes if read_note(note).severity == "warning"]
    if metric.scale == (0.0, 1.0):
        found += [read_note(note).text for note in held_out_warnings(task, metric)]
    return Checked(
        train=len(task.train),
        dev=None if task.dev is None else len(task.dev),
        test=len(task.test),
        warnings=tuple(found),
        notes=tuple(note for note in notes if read_note(note).severity == "info" and note not in task.told),
        requests=tuple(_requests(task)),
    )


def _row_warnings(facts: RowFacts) -> Iterator[str]:
    """Warnings with places in the files."""
    if facts.no_input.count:
        yield f"{_rows(facts.no_input.count)} an empty input: {facts.no_input}"
    if facts.contradictions.count:
        yield f"{_rows(facts.contradictions.count)} the input of an earlier row and another output: {facts.contradictions}"
    if facts.shared.count:
        yield f"{_rows(facts.shared.count)} an input that another split has too, so scores come out too high: {facts.shared}"
    if facts.repeated.count:
        yield f"{_rows(facts.repeated.count)} input and output of an earlier row, and count once: {facts.repeated}"


def _rows(count: int) -> str:
    return "1 row has" if count == 1 else f"{count:,} rows have"


def _label_warnings(task: Task, kind: AnswerKind) -> Iterator[str]:
    """Warn of labels that only one side of the split has."""
    if kind.kind != "labels":
        return
    seen = [{" ".join(one.output.casefold().split()) for one in split.items} for split in (task.train, task.test)]
    for label in kind.labels:
        plain = " ".join(label.casefold().split())
        for place, name in enumerate(("train", "test")):
            if plain not in seen[place]:
                yield f"no {name} example has the label {label!r}"


def _requests(task: Task) -> Iterator[Tried]:
    """The requests of a few examples of train, with different outputs where there are."""
    template, metric = task.load_template(), task.load_metric()
    for example in _varied(task.train):
        yield from try_scoring(template, task.model_copy(update={"train": Examples(items=(example,))}), metric=metric)


def _varied(examples: Examples) -> list[Example]:
    first: dict[str, Example] = {}
    for example in examples.items:
        first.setdefault(example.output, example)
        if len(first) == _REQUESTS:
            break
    others = [example for example in examples.items[: 2 * _REQUESTS] if example not in first.values()]
    return [*first.values(), *others][:_REQUESTS]
