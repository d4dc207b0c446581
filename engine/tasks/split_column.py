"""Divides the examples of one file by a column that names their split, with values such as `train` and `test`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from promptwire.errors import DataError
from promptwire.tasks.splits import group_of
from promptwire.values import Example, Examples

__all__ = ["SPLIT_NAMES", "by_split"]

SPLIT_NAMES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("train", "training", "tr"), "train"),
    **dict.fromkeys(("dev", "development", "val", "valid", "validation"), "dev"),
    **dict.fromkeys(("test", "testing", "te", "eval", "evaluation", "heldout", "held-out", "holdout"), "test"),
}
"""The split that a name in such a column, or in a file's name, means."""


def by_split(examples: Examples, column: str, where: str) -> tuple[Examples, Examples | None, Examples | None]:
    """The examples for train, dev and test; None for a split that has none. Raises DataError for another name in `column`."""
    found: dict[str, list[Example]] = {"train": [], "dev": [], "test": []}
    for example in examples.items:
        try:
            name = group_of(example, column)
        except KeyError as error:
            hint = f"other columns: {', '.join(map(repr, example.meta)) or 'none'}; write one of them as `split:` under `data`"
            raise DataError(f"there is no column {column!r} that names the split", where=where, hint=hint) from error
        part = SPLIT_NAMES.get(name.strip().casefold())
        if part is None:
            hint = f"known: {', '.join(SPLIT_NAMES)}; or give each split a file of its own"
            problem = f"the column {column!r} holds {name[:40]!r}, which is no name of a split (for {example.text[:60]!r})"
            raise DataError(problem, where=where, hint=hint)
        found[part].append(example)
    if not found["train"]:
        raise DataError(f"the column {column!r} names no example for train", where=where, hint="let some rows say train")
    train, dev, test = (Examples(items=tuple(found[name])) for name in ("train", "dev", "test"))
    return train, dev if dev.items else None, test if test.items else None
