"""Reads task files of BIG-bench: `examples` with `target` or `target_scores`, as in BIG-bench, BIG-Bench Hard and BBII.

The output is `target`, one text or several, or the options with the highest of `target_scores`. The options are added to the
input as BIG-bench adds them, unless the file says `append_choices_to_input: false`.
"""

from __future__ import annotations

from typing import Any, Final

from promptwire.security.untrusted_numbers import finite
from promptwire.tasks.reading.source import Source

__all__ = ["big_bench_rows", "is_big_bench"]

_PREFIX: Final = "\n  choice: "
"""What BIG-bench writes before an option, where a task says nothing else."""


def is_big_bench(data: Any) -> bool:
    """Whether `data` is a task of BIG-bench."""
    examples = data.get("examples") if isinstance(data, dict) else None
    if not isinstance(examples, list) or not examples or not all(isinstance(row, dict) for row in examples):
        return False
    return all("target" in row or "target_scores" in row for row in examples)


def big_bench_rows(data: dict[str, Any], source: Source) -> list[dict[str, Any]]:
    """The examples with their accepted outputs in the column that the task reads, and their options in the input."""
    prefix = data.get("choice_prefix", _PREFIX)
    column = source.columns.target if source.columns.target == "output" else "target"
    found = []
    for row in data["examples"]:
        row = dict(row)
        scores = row.get("target_scores")
        if isinstance(scores, dict) and scores:
            row.setdefault("target", _best(scores))
            if data.get("append_choices_to_input", True) is not False and isinstance(row.get("input"), str):
                row["input"] += "".join(f"{prefix}{option}" for option in scores)
                source.note("the options of target_scores are added to each input, as BIG-bench does")
        if column not in row:
            row[column] = row.pop("target", None)
        found.append(row)
    return found


def _best(scores: dict[str, Any]) -> list[str]:
    """The options with the highest score; none when no score is above 0."""
    known = {option: finite(score) or 0.0 for option, score in scores.items()}
    most = max(known.values())
    return [option for option, score in known.items() if score == most] if most > 0 else []
