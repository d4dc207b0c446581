"""docs/results.md has the commands that bench/results.py runs, and a line of the table for each."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")


def test_the_page_shows_every_command_and_the_outcome_of_each() -> None:
    spec = importlib.util.spec_from_file_location("results", ROOT / "bench" / "results.py")
    assert spec is not None and spec.loader is not None
    results = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(results)
    for run in results.PIPELINES.values():
        assert f"promptwire run {run} --task sentiment\n" in PAGE
    for name, rest in results.PUBLIC.items():
        assert f"--task FOLDER/{name} {rest} {results.COMPLETION}\n" in PAGE
    for task, optimizer in results.commands():
        assert PAGE.count(f"\n| {task} | {optimizer} | ") == 1
