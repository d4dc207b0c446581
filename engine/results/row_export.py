"""Rows of the final comparison as flat records, and as CSV that no spreadsheet program runs as formulas."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from promptwire.results.heldout_rows import PairedRow

__all__ = ["COLUMNS", "csv_text", "record", "safe_cell"]

COLUMNS: Final = (
    "example", "change", "input", "expected",
    "initial_value", "initial_answer", "initial_output", "initial_readable", "initial_feedback", "initial_repeats",
    "best_value", "best_answer", "best_output", "best_readable", "best_feedback", "best_repeats",
)  # fmt: skip
"""Fields of a record."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First characters by which spreadsheet programs take a cell as a formula or a command."""


def record(row: PairedRow) -> dict[str, Any]:
    """Return `row` as a record. What an earlier version did not keep is None.

    Of several answers to an example, the value is the mean, and answer and output are the first; `repeats` has all of them.
    """
    found: dict[str, Any] = {"example": row.id, "change": row.change, "input": None, "expected": None}
    if row.example is not None:
        found |= {"input": row.example.input, "expected": list(row.example.outputs)}
    for name, side in (("initial", row.initial), ("best", row.best)):
        known = side.output is not None
        found |= {
            f"{name}_value": side.value,
            f"{name}_answer": side.answer,
            f"{name}_output": side.output,
            f"{name}_readable": side.readable if known else None,
            f"{name}_feedback": side.feedback if known else None,
            f"{name}_repeats": [
                {"value": one.value, "answer": one.answer, "output": one.output, "readable": one.readable}
                for one in side.repeats
            ],
        }
    return found


def csv_text(rows: Iterable[PairedRow]) -> str:
    """Return `rows` as CSV with a head line. All cells are quoted, so that no separator of any locale splits one."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([safe_cell(value) for value in record(row).values()])
    return text.getvalue()


def safe_cell(value: Any) -> str:
    """Return `value` as a cell. A text that a program could take as a formula begins with an apostrophe.

    >>> safe_cell("=1+1"), safe_cell(0.5), safe_cell(None), safe_cell(["a", "b"])
    ("'=1+1", '0.5', '', 'a | b')
    """
    if value is None:
        return ""
    if isinstance(value, Mapping):
        text = "\n".join(f"{name}: {one}" for name, one in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str) and any(isinstance(one, Mapping) for one in value):
        text = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        text = " | ".join(map(str, value))
    else:
        text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
