"""A small study for tests of sweeps: a task of two labels, a scripted model and a sweep file."""

from __future__ import annotations

import json
from pathlib import Path

RULES = """
- {when: 'How does.*Input: good', kind: choose, choose: positive}
- {when: 'How does.*Input: bad', kind: choose, choose: negative}
- {kind: choose, choose: positive}
- {kind: generate, reply: ["How does it feel?", "What is this?"]}
"""
SWEEP = """\
promptwire: 1
sweep: study
pipelines:
  - random-search -p n=2 -p pulls=24
  - {pipeline: random-search, name: one, params: {n: 1, pulls: 12}}
tasks: mood/task.yaml
models: scripted:rules.yaml
seeds: 2
"""
TASK = """\
promptwire: 1
task: mood
prompt: Classify.
data: {train: train.jsonl, test: test.jsonl}
metric: choice
labels: [positive, negative]
"""


def make_study(folder: Path, sweep: str = SWEEP) -> Path:
    """Write the study into `folder`, and return its sweep file."""
    rows = [
        {"input": f"{word} {number}", "output": label}
        for number in range(12)
        for word, label in (("good", "positive"), ("bad", "negative"))
    ]
    (folder / "mood").mkdir(parents=True, exist_ok=True)
    for name, part in (("train", rows[:12]), ("test", rows[12:])):
        (folder / "mood" / f"{name}.jsonl").write_text("\n".join(map(json.dumps, part)))
    (folder / "mood" / "task.yaml").write_text(TASK)
    (folder / "rules.yaml").write_text(RULES)
    (folder / "silent.yaml").write_text("- {kind: choose, choose: positive}\n")
    file = folder / "study.yaml"
    file.write_text(sweep)
    return file
