"""promptwire: a pipeline in YAML on a task in YAML, with cache, run folder and report, as `promptwire run` does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp  # noqa: F401 - imported at the first request: here it is part of the start-up, as in the other tools
import job

import promptwire.backends.openai_compatible  # noqa: F401 - imported with the first model: part of the start-up too
from promptwire import Options, run

TABLE = """
promptwire: 1
name: table
doc: The best of the initial prompts on all training examples.
inputs: {seed: Prompts, train: Examples}
nodes:
  best: {use: beam-select, prompts: $seed, on: $train, keep: 1}
outputs: {prompt: $best}
"""
TASK = """
promptwire: 1
task: reviews
doc: The sentiment of a review.
data: PARTS
prompt: PROMPTS
metric: exact
settings: {temperature: 0, max_tokens: 20}
"""
HELD_OUT = 2
"""Examples for the report's comparison of both prompts: the fewest, because no other tool makes one."""


def evaluate(work: job.Job) -> int:
    """All prompts on all examples."""
    Path("table.yaml").write_text(TABLE, encoding="utf-8")
    return _run(work, "table.yaml", {"train": len(work.examples)})


def search(work: job.Job) -> int:
    """A shipped pipeline, with its params in the options of the job."""
    shares = {part: work.options[part] for part in ("train", "dev") if part in work.options}
    return _run(work, work.options["pipeline"], shares or {"train": len(work.examples)})


def _run(work: job.Job, pipeline: str, shares: dict[str, int]) -> int:
    """Run `pipeline` on the first examples, as many for each part as `shares` says."""
    parts, first = {}, 0
    for part, number in {**shares, "test": HELD_OUT}.items():
        rows = work.examples[first : first + number] if part != "test" else work.examples[:number]
        _write(part, [{"input": f"{'' if part != 'test' else 'Held out. '}{text}", "output": label} for text, label in rows])
        parts[part], first = f"{part}.jsonl", first + number
    task = TASK.replace("PARTS", json.dumps(parts)).replace("PROMPTS", json.dumps(work.prompts))
    Path("task.yaml").write_text(task, encoding="utf-8")
    params = {name: json.dumps(value) for name, value in work.options.get("params", {}).items()}
    options = Options(models={"task": "m"}, api_bases={"task": work.base}, params=params, parallel=work.limit)
    report = run(pipeline, "task.yaml", options)
    return len(work.prompts) * len(work.examples) - report.calls.failed


def _write(part: str, rows: list[dict[str, Any]]) -> None:
    Path(f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    job.main({"evaluate": evaluate, "search": search})
