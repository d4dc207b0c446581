"""Notes on a task's data: examples that are empty, seen twice, that contradict each other, or that lack their group."""

from __future__ import annotations

from collections.abc import Iterator

from promptwire.errors import DataError
from promptwire.tasks.splits import group_of
from promptwire.values import Example, Examples
from promptwire.values.notes import warning

__all__ = ["data_notes", "require_groups"]

_SHOWN = 80
"""Characters of its input by which an example is named."""


def data_notes(test: Examples, train: Examples, dev: Examples | None, group: str | None) -> list[str]:
    """Warn about examples that make scores too high, or that no prompt can get right. `group` is the column of groups."""
    found = [*_empty(test, train, dev), *_overlaps(test, train, dev), *_contradictions(train)]
    if group is not None:
        seen = {group_of(example, group) for example in (*train.items, *(dev.items if dev else ()))}
        names = {group_of(example, group) for example in test.items}
        if shared := len(seen & names):
            found.append(warning(f"{shared} of {len(names)} groups of test examples are also in train or dev"))
    return found


def require_groups(examples: Examples, column: str, file: str) -> None:
    """Raise DataError for an example without the `column` of its group."""
    for example in examples.items:
        try:
            empty = not group_of(example, column).strip()
        except KeyError as error:
            have = ", ".join(map(repr, example.meta)) or "none"
            hint = f"other columns: {have}; write `group: NAME` with one of the data"
            raise DataError(f"there is no column {column!r} for the groups", where=file, hint=hint) from error
        if empty:
            hint = "an example that belongs to no other is a group of its own: give it a name"
            raise DataError(f"the column {column!r} is empty for {example.text[:_SHOWN]!r}", where=file, hint=hint)


def _empty(test: Examples, train: Examples, dev: Examples | None) -> Iterator[str]:
    """Warn of examples that show the model nothing."""
    for name, part in (("train", train), ("dev", dev or Examples()), ("test", test)):
        if empty := sum(example.blank for example in part.items):
            yield warning(f"{empty} of {len(part)} {name} examples have an empty input")


def _overlaps(test: Examples, train: Examples, dev: Examples | None) -> list[str]:
    """Warn when the optimizer also sees test inputs: the reported score would be too high."""
    seen = {_input(example) for example in (*train.items, *(dev.items if dev else ()))}
    shared = sum(_input(example) in seen for example in test.items)
    return [warning(f"{shared} of {len(test)} test inputs are also in train or dev")] if shared else []


def _contradictions(train: Examples) -> list[str]:
    """Warn when one input occurs with different accepted outputs: no prompt can be right on all."""
    outputs: dict[str, set[tuple[str, ...]]] = {}
    for example in train.items:
        outputs.setdefault(_input(example), set()).add(example.outputs)
    conflicting = sum(len(found) > 1 for found in outputs.values())
    return [warning(f"{conflicting} train inputs occur with different outputs")] if conflicting else []


def _input(example: Example) -> str:
    return example.text.strip()
