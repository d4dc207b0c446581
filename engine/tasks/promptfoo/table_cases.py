"""Tests in a table: each column is a variable, but those of promptfoo's conventions, such as `__expected`."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from promptwire.documents.document import Position, Source, YamlValue, yaml_value_of
from promptwire.errors import DataError, Location
from promptwire.tasks.promptfoo.source import refuse
from promptwire.tasks.reading import limits

__all__ = ["assert_of_cell", "comma_separated", "table_tests"]

_EXPECTED: Final = "__expected"
_TYPES: Final = (
    "agent-rubric|answer-relevance|bleu|classifier|contains|contains-all|contains-any|contains-html|contains-json|contains-sql|"
    "contains-xml|context-faithfulness|context-recall|context-relevance|conversation-relevance|cost|equals|factuality|"
    "finish-reason|g-eval|gleu|guardrails|icontains|icontains-all|icontains-any|is-html|is-json|is-refusal|is-sql|"
    "is-valid-function-call|is-valid-openai-function-call|is-valid-openai-tools-call|is-xml|javascript|latency|levenshtein|"
    "llm-rubric|meteor|model-graded-closedqa|model-graded-factuality|moderation|perplexity|perplexity-score|pi|python|regex|"
    "rouge-n|ruby|search-rubric|similar|similar:cosine|similar:dot|similar:euclidean|starts-with|tool-call-f1|webhook|word-count"
)
_TYPED: Final = re.compile(rf"(not-)?({_TYPES})(?:\((\d+(?:\.\d+)?)\))?(?::(.*))?", re.DOTALL)
_WITH_THRESHOLD: Final = re.compile("levenshtein|rouge-n|similar")
"""Types of this table that have a threshold when the cell names none."""
_LISTS: Final = ("contains-any", "contains-all", "icontains-any", "icontains-all")
_CODE: Final = ("javascript:", "fn:", "eval:")


def table_tests(path: Path, text: str) -> Iterator[YamlValue]:
    """The tests in the rows of a table, with the line of each. Raises DataError for a table that can't be read."""
    csv.field_size_limit(max(csv.field_size_limit(), limits.MAX_LINE))
    rows = csv.reader(io.StringIO(text, newline=""))
    names: list[str] = []
    start, source = 1, Source(str(path))
    for cells in rows:
        line, start = start, rows.line_num + 1
        if not any(cells):
            continue
        if not names:
            names = _header(cells, f"{path}:{line}")
            continue
        if len(cells) != len(names):
            problem = f"the row has {len(cells)} cells, and the header {len(names)}"
            raise DataError(
                problem, where=f"{path}:{line}", hint="put a cell that holds a comma or a line end into double quotes"
            )
        yield _test(dict(zip(names, cells, strict=True)), Position(source, line, 1))


def _header(cells: list[str], where: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"the header names the column {name!r} twice", where=where, hint="give each a name of its own")
        if name in ("__providerOutput",):
            raise DataError(f"the column {name!r} has no counterpart", where=where, hint="leave it out: the model is asked")
    return names


def _test(row: dict[str, str], position: Position) -> YamlValue:
    expected = [cell.strip() for name, cell in row.items() if name.startswith(_EXPECTED) and cell.strip()]
    asserts = [assert_of_cell(cell, position.location()) for cell in expected]
    for name, cell in row.items():
        _, _, rest = name.partition("__config:")
        column, _, key = rest.partition(":")
        number = column.removeprefix(_EXPECTED) or "1"
        if rest and key == "threshold" and number.isdecimal() and 0 < int(number) <= len(asserts) and cell.strip():
            asserts[int(number) - 1]["threshold"] = _number(cell, position.location())
    test: dict[str, Any] = {
        "vars": {name: cell for name, cell in row.items() if not name.startswith("__")},
        "assert": asserts,
        "description": row.get("__description", ""),
        "options": {key: row[f"__{key}"] for key in ("prefix", "suffix") if row.get(f"__{key}")},
    }
    if row.get("__threshold", "").strip():
        test["threshold"] = _number(row["__threshold"], position.location())
    return yaml_value_of(test, position)


def _number(cell: str, where: Location) -> float:
    try:
        return float(cell)
    except ValueError:
        refuse(where, f"a threshold is a number, not {cell[:40]!r}")


def assert_of_cell(cell: str, where: Location) -> dict[str, Any]:
    """The assert in a cell of `__expected`: `type: value`, `type(threshold): value`, or a text that is equal.

    >>> assert_of_cell("icontains: Paris", Location(""))
    {'type': 'icontains', 'value': 'Paris'}
    """
    if cell.startswith(_CODE):
        return {"type": "javascript", "value": cell.partition(":")[2].strip()}
    if cell.startswith(("grade:", "llm-rubric:")):
        return {"type": "llm-rubric", "value": cell.partition(":")[2]}
    if cell.startswith("python:") or (cell.startswith("file://") and (cell.endswith(".py") or ".py:" in cell)):
        return {"type": "python", "value": cell[7:].strip()}
    if cell.startswith("file://") and re.search(r"\.[cm]?[jt]s(?::|$)", cell):
        return {"type": "javascript", "value": cell}
    typed = _TYPED.fullmatch(cell)
    if typed is None:
        return {"type": "equals", "value": cell}
    found: dict[str, Any] = {"type": f"{typed[1] or ''}{typed[2]}"}
    value = typed[4]
    if value is not None:
        found["value"] = comma_separated(value, where) if typed[2] in _LISTS else value if "json" in typed[2] else value.strip()
    if _WITH_THRESHOLD.fullmatch(typed[2]):
        found["threshold"] = float(typed[3]) if typed[3] else 0.8 if typed[2] == "similar" else 0.75
    return found


def comma_separated(text: str, where: Location) -> list[str]:
    """The values of a list in one text; one in double quotes may hold commas.

    >>> comma_separated('a, "b, c" ,,d', Location(""))
    ['a', 'b, c', 'd']
    """
    values: list[str] = []
    at = 0
    while (begin := re.compile(r"[\s,]*").match(text, at)) and (at := begin.end()) < len(text):
        if text[at] != '"':
            end = text.find(",", at)
            end = len(text) if end < 0 else end
            values.append(text[at:end].strip())
            at = end
            continue
        quoted = re.compile(r'"((?:\\["\\]|""|[^"])*)"\s*(?=,|\Z)').match(text, at)
        if quoted is None:
            refuse(where, f"the list {text[:60]!r} has a quote that is not closed before a comma", 'write a quote inside as ""')
        values.append(re.sub(r'\\(["\\])|""', lambda one: one[1] or '"', quoted[1]))
        at = quoted.end()
    return values
