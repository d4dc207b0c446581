"""bench/drawn_tasks.py writes the very files of the drawn tasks, and their answers follow the rules."""

from __future__ import annotations

import runpy
import sys
from datetime import datetime
from pathlib import Path

import pytest

from promptwire.metrics.number_words import spelled
from promptwire.tasks.task import load_task

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "bench" / "drawn_tasks.py"
DRAWN = runpy.run_path(str(SCRIPT))


def pairs(name: str) -> list[tuple[str, str]]:
    """Input and answer of all examples of a task."""
    task = load_task(name)
    return [(example.text, example.outputs[0]) for example in (*task.train.items, *task.test.items)]


def test_script_writes_the_files_that_are_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(tmp_path)])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.jsonl")}
    assert {path.parts[0] for path in written} == set(DRAWN["DRAWN"])
    for path, data in written.items():
        assert data == (ROOT / "pipelines" / "tasks" / path).read_bytes(), path


def test_answer_of_each_sum_is_its_result_and_both_kinds_are_equally_frequent() -> None:
    assert sum(" plus " in text for text, _ in pairs("sums")) == 120
    for text, answer in pairs("sums"):
        first, kind, second = text.split()
        a, b = spelled(first), spelled(second)
        assert a is not None and b is not None
        assert spelled(answer) == {"plus": a + b, "minus": a - b}[kind], text


def test_answer_of_each_date_is_a_day_and_all_its_parts_stand_in_the_input() -> None:
    for text, answer in pairs("dates"):
        day = datetime.strptime(answer, "%d.%m.%Y")
        assert str(day.year) in text and str(day.day) in text
        assert f"{day:%b}".lower() in text.lower() or f"{day:%m}" in text
        weekday = text.split()[0].strip(",")
        assert not weekday.endswith("day") or weekday == f"{day:%A}"


def test_answer_of_each_list_is_what_can_be_eaten_in_the_order_of_the_list() -> None:
    for text, answer in pairs("foods"):
        words = text.split(", ")
        assert answer.split(", ") == [word for word in words if word in DRAWN["FOODS"].split()]
        assert 0 < len(answer.split(", ")) < len(words)
