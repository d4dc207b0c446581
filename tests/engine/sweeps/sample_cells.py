"""A small task with a scripted model in files of a user, its cells, and how two run folders of one cell may differ."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from promptwire.options import Options
from promptwire.sweeps.matrix import Cell, make_matrix, parse_row

ROWS = ("random-search -p n=2 -p pulls=24", "random-search -p n=1 -p pulls=12")
RULES = """
- {when: 'How does.*Input: good', kind: choose, choose: positive}
- {when: 'How does.*Input: bad', kind: choose, choose: negative}
- {kind: choose, choose: positive}
- {kind: generate, reply: ["How does it feel?", "What is this?"]}
"""
_OF_THIS_RUN = {
    "report.json": {"run", "seconds"},
    "state.json": {"began", "ended", "pid", "start", "boot", "host"},
    "run.json": set[str](),
}
"""Fields that differ between two runs of one cell."""
_IN_TIME = ("events.jsonl", "asked.jsonl")


def write_project(folder: Path, rules: str = RULES) -> None:
    """Write a task `mood` of two labels and a script into `folder`."""
    rows = [
        {"input": f"{word} {number}", "output": label}
        for number in range(12)
        for word, label in (("good", "positive"), ("bad", "negative"))
    ]
    (folder / "mood").mkdir(parents=True)
    for name, part in (("train", rows[:12]), ("test", rows[12:])):
        (folder / "mood" / f"{name}.jsonl").write_text("\n".join(map(json.dumps, part)))
    (folder / "rules.yaml").write_text(rules)


def mood_options(**more: Any) -> Options:
    """Options for the task `mood` with the scripted model in the working folder."""
    task = {"prompt": "Classify.", "metric": "choice", "labels": ["positive", "negative"]}
    return Options.model_validate({"models": {"task": "scripted:rules.yaml"}, "task": task, **more})


def mood_cells(options: Options, rows: Sequence[str] = ROWS, seeds: Sequence[int] = (0, 1)) -> tuple[Cell, ...]:
    """Cells of the task `mood`, in the working folder."""
    return make_matrix([parse_row(row) for row in rows], ["mood"], seeds, options)


def results_in(folder: Path) -> dict[str, str]:
    """What a run folder holds, without times, durations, processes and the name of the folder."""
    found: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if path.name in _OF_THIS_RUN:
            data = json.loads(path.read_text())
            # The text shows the order of the fields too.
            found[path.name] = json.dumps({key: one for key, one in data.items() if key not in _OF_THIS_RUN[path.name]})
        else:
            lines = re.sub(r'"(?:n|t|seconds)":[0-9.e-]+,?', "", path.read_text()).splitlines()
            # Two of them tell what happened in the order in which it did.
            found[path.name] = "\n".join(sorted(lines) if path.name in _IN_TIME else lines)
    return found
