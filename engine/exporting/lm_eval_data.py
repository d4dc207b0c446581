"""Data file of a task of lm-eval: the held-out examples, one JSON object a line.

lm-eval reads it with `datasets`, and that with Arrow, which turns a column of dates into points in time. So each text of such a
column gets a mark before it, which the task's templates cut off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from promptwire.exporting.jinja_text import identifiers
from promptwire.results.request_pattern import INPUT
from promptwire.values import Example

__all__ = ["LmEvalData", "lm_eval_data", "read_rows"]

_DATE: Final = re.compile(r"\s*[+-]?[0-9]{4,}-[0-9]{2}")
"""How a text begins that Arrow may take for a point in time."""
_MARK: Final = "="
_OWN: Final = ("id", "target")


@dataclass(frozen=True, slots=True)
class LmEvalData:
    """The rows, and how the task reads them."""

    rows: tuple[Mapping[str, Any], ...]
    """One row for each example."""
    names: Mapping[str, str]
    """Expression for each field of the input."""
    target: str
    """What `doc_to_target` says."""

    def text(self) -> str:
        """The rows as JSON Lines."""
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in self.rows)


def lm_eval_data(examples: Sequence[Example], slots: Sequence[str], targets: Sequence[list[str]]) -> LmEvalData:
    """The rows for `examples`, with the fields `slots` of their inputs and the accepted outputs `targets`."""
    columns = identifiers(slots, taken=_OWN)
    values = [one.input if isinstance(one.input, dict) else {INPUT: one.input} for one in examples]
    dated = {slot for slot in slots if examples and all(_DATE.match(one[slot]) for one in values)}
    one_each = all(len(found) == 1 for found in targets)
    marked = bool(targets) and all(_DATE.match(output) for found in targets for output in found)
    shown = [[_MARK * marked + output for output in found] for found in targets]
    rows = tuple(
        {
            "id": example.id,
            **{columns[slot]: _MARK * (slot in dated) + fields[slot] for slot in slots},
            "target": found[0] if one_each else found,
        }
        for example, fields, found in zip(examples, values, shown, strict=True)
    )
    names = {slot: columns[slot] + "[1:]" * (slot in dated) for slot in slots}
    cut = "{{ target[1:] }}" if one_each else '[{% for one in target %}"{{ one[1:] }}",{% endfor %}]'
    return LmEvalData(rows, names, cut if marked else "target")


def read_rows(text: str) -> dict[str, dict[str, Any]]:
    """The rows of a written file, by the id of the example."""
    rows = [json.loads(line) for line in text.split("\n") if line]
    return {row["id"]: row for row in rows}
