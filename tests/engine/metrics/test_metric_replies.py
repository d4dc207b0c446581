"""Replies as models write them, with the reading of a careful person: `metric_replies.jsonl` holds one reply a line.

A row has the `read` text or number (null for unreadable), or the `value` by an accepted `output`. Not in it are replies on which
careful persons may differ; docs/tasks.md says how these are read.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from promptwire.metrics.grades import read_grade
from promptwire.metrics.metric import find_metric
from promptwire.metrics.numerals import last_number
from promptwire.values import Example

ROWS = [json.loads(line) for line in Path(__file__).with_name("metric_replies.jsonl").read_text("utf-8").splitlines()]
METRICS = ("exact", "contains", "set", "f1", "numeric", "multiple-choice", "judge")
LONG = 200_000
UNITS = (
    "a",
    "1",
    " ",
    "\n",
    "*",
    "(",
    "B ",
    "A or ",
    "is not ",
    "1,000,",
    "\u5b57",
    "<answer>",
    "\\frac{1}",
    "**B** ",
    "8/10 ",
)


def outcome(row: dict[str, Any]) -> object:
    """What the metric of a row makes of its reply, in the form that the row states."""
    reply, labels = row["reply"], row.get("labels", ())
    if row["metric"] == "numeric":
        return last_number(reply)
    if row["metric"] == "judge":
        return read_grade(reply)
    example = Example(input=row.get("question", "in"), outputs=(row.get("output", "B"),))
    found = find_metric(row["metric"]).measure(reply, example, labels)
    return (found.read or None) if "read" in row else round(found.value, 3)


@pytest.mark.parametrize("name", METRICS)
def test_realistic_replies_are_read_as_a_person_reads_them(name: str) -> None:
    rows = [row for row in ROWS if row["metric"] == name]
    wanted = [(row["reply"], row["read"] if "read" in row else row["value"]) for row in rows]

    assert len(rows) >= 10
    for row, (reply, want) in zip(rows, wanted, strict=True):
        found = outcome(row)
        close = isinstance(want, float) and found == pytest.approx(want, abs=1e-6)
        assert close or found == want, f"{name}: {reply!r} gives {found!r}, not {want!r}"


def seconds(metric: str, reply: str) -> float:
    """The processor time that a metric takes for a reply."""
    start = time.process_time()
    outcome({"metric": metric, "reply": reply, "output": "positive", "labels": ["positive", "not positive"], "question": "in"})
    return time.process_time() - start


@pytest.mark.parametrize("name", METRICS)
def test_a_long_reply_of_one_repeated_piece_is_read_in_time(name: str) -> None:
    slow = [unit for unit in UNITS if seconds(name, (unit * LONG)[:LONG]) > 5]

    assert not slow, "a second each is usual; a search that is not linear takes minutes"
