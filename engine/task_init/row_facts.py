"""Reads all rows of the files as the task will, and counts what a task file and its checks need.

The rows are not kept: a file may have a million of them. Places of faults are kept, the first few of each kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from promptwire.tasks.columns import Columns
from promptwire.tasks.readers import open_rows
from promptwire.tasks.reading.form import DataForm
from promptwire.tasks.reading.source import Source
from promptwire.tasks.rows import example_of
from promptwire.tasks.split_column import SPLIT_NAMES
from promptwire.values import Example

__all__ = ["Faults", "RowFacts", "row_facts"]

_PLACES: Final = 6
"""Places of one kind of fault that are shown."""
_KEPT: Final = 5_000
"""Examples by which the kind of the answers is told."""
_OUTPUTS: Final = 2_000
"""Different outputs that are counted."""
_SHOWN: Final = 40


@dataclass(slots=True)
class Faults:
    """Faults of one kind, and where the first of them are."""

    count: int = 0
    """How many there are."""
    places: list[str] = field(default_factory=list)
    """Where the first ones are: file and line, or only the line where the one before is in the same file."""
    _file: str = ""

    def add(self, path: Path, where: Callable[[], str]) -> None:
        """Count a fault in `path`; `where` says where it is, and is asked only for those that are shown."""
        self.count += 1
        if len(self.places) < _PLACES:
            place = where()
            rest = place.removeprefix(str(path))
            named = place if rest == place else path.name + rest
            self.places.append(rest.removeprefix(":").removeprefix(", ") if self._file == str(path) else named)
            self._file = str(path)

    def __str__(self) -> str:
        more = ", ..." if self.count > len(self.places) else ""
        return ", ".join(self.places) + more


@dataclass(slots=True)
class RowFacts:
    """What was counted in the rows of all files."""

    sizes: Counter[str] = field(default_factory=Counter)
    """Rows of each split; all under train where nothing tells."""
    examples: list[Example] = field(default_factory=list)
    """Some of the examples."""
    outputs: Counter[str] = field(default_factory=Counter)
    """How often each main output occurs; not all where there are very many."""
    by_split: dict[str, set[str]] = field(default_factory=dict)
    """Different outputs of each split, where these are few."""
    no_output: Faults = field(default_factory=Faults)
    """Rows whose output is empty."""
    no_input: Faults = field(default_factory=Faults)
    """Rows whose input is empty in all its fields."""
    contradictions: Faults = field(default_factory=Faults)
    """Rows with the input of an earlier one and another output."""
    repeated: Faults = field(default_factory=Faults)
    """Rows that are the same as an earlier one of the same split."""
    shared: Faults = field(default_factory=Faults)
    """Rows whose input is also in another split."""

    @property
    def rows(self) -> int:
        """All rows."""
        return self.sizes.total()


def row_facts(files: Mapping[str, Path], columns: Columns, form: DataForm, split: str | None) -> RowFacts:
    """Read the files by split with these columns. `split` is the column that names the split. Raises DataError."""
    facts, seen = RowFacts(), dict[int, tuple[str, int, str]]()
    for name, path in files.items():
        rows, where = open_rows(path, Source(path, columns, form, outputs=False, any_columns=False))
        for number, row in rows:
            example = example_of(row, columns, partial(where, number), outputs=False)
            part = SPLIT_NAMES.get(str(row.get(split, "")).strip().casefold(), name) if split else name
            _count(facts, example, part)
            if not example.outputs:
                facts.no_output.add(path, partial(where, number, columns.target))
            if example.blank:
                facts.no_input.add(path, partial(where, number, columns.inputs[0]))
            _compare(facts, seen, example, part, path, partial(where, number, ""))
    return facts


def _count(facts: RowFacts, example: Example, part: str) -> None:
    facts.sizes[part] += 1
    if len(facts.examples) < _KEPT:
        facts.examples.append(example)
    output = example.output
    if output and (output in facts.outputs or len(facts.outputs) < _OUTPUTS):
        facts.outputs[output] += 1
        facts.by_split.setdefault(part, set()).add(output)


def _compare(
    facts: RowFacts, seen: dict[int, tuple[str, int, str]], example: Example, part: str, path: Path, where: Callable[[], str]
) -> None:
    """Compare a row with the first one that has its input."""
    text = example.text.strip()
    if not text:
        return
    key, outputs = hash(text), hash(example.outputs)
    first = seen.setdefault(key, (part, outputs, ""))
    if first[2] == "":
        seen[key] = (part, outputs, example.output[:_SHOWN] or "-")
        return
    if outputs != first[1]:
        facts.contradictions.add(path, lambda: f"{where()} ({example.output[:_SHOWN]!r}, before it {first[2]!r})")
    elif part == first[0]:
        facts.repeated.add(path, where)
    if part != first[0]:
        facts.shared.add(path, where)
