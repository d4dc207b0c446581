"""Many scored rows in one run: the table in memory, its line of the trace, and what reads a comparison of as many rows."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from bench.scaling.meter import Meter
from promptwire.gateway.trace import Trace
from promptwire.page.data import page_data
from promptwire.page.html import render_page
from promptwire.results.row_export import csv_text
from promptwire.results.run import Run
from promptwire.running.recorded_values import RecordedValues
from promptwire.running.scored_prompts import ScoredPrompts
from promptwire.stats.prompt_score import rows_score
from promptwire.values import Example, Examples, Prompt, Prompts, Row, Scores

__all__ = ["SIZES", "UNIT", "measure", "table"]

UNIT = "row"
SIZES = (10_000, 100_000, 1_000_000)
PROMPTS = 100
"""Prompts of the table; the comparison has two."""


def table(rows: int, prompts: int) -> Scores:
    """A table of `rows` rows of `prompts` prompts, each with a reply of its own."""
    some = [Prompt(text=f"Label the sentence ({number}).") for number in range(prompts)]
    examples = [Example(input=f"sentence {number}", outputs=("yes",)) for number in range(rows // prompts)]
    found = tuple(
        Row(prompt.id, example.id, f"It is: {place + number}.", "yes", float((place + number) % 3 > 0))
        for number, prompt in enumerate(some)
        for place, example in enumerate(examples)
    )
    return Scores(metric="exact", prompts=Prompts.of(some), examples=Examples.of(examples), rows=found)


def _compared(folder: Path, rows: int) -> Path:
    """A run folder with a comparison of `rows` rows."""
    scores = table(rows, 2)
    first, second = (scores.values(prompt) for prompt in scores.prompts.items)
    pairs = [[example.id, *both] for example, *both in zip(scores.examples.items, first, second, strict=True)]
    outputs: dict[str, Any] = {"scores": scores.model_dump(mode="json"), "pairs": pairs}
    folder.mkdir()
    line = {"n": 1, "t": 0.1, "path": "report", "round": "", "element": "test", "outputs": outputs}
    (folder / "values.jsonl").write_text(json.dumps(line) + "\n")
    (folder / "events.jsonl").write_text(json.dumps({"n": 0, "t": 0.0, "event": "run"}) + "\n")
    return folder


def measure(meter: Meter, folder: Path) -> None:
    """Measure `meter.size` rows."""
    with meter("make"):
        scores = table(meter.size, PROMPTS)
    half = scores.only(Prompts(items=scores.prompts.items[: PROMPTS // 2]))
    with meter("by prompt, and its score"):
        found = [rows_score(scores.by_prompt[prompt.id], "exact") for prompt in scores.prompts.items]
    with meter("join with a half of them"):
        joined = scores.merge(half)
    with meter("know for the end of the run"):
        known = ScoredPrompts()
        known.add_prompts(scores.prompts.items)
        for row in scores.rows:
            known.add_row("exact task", row)
        best = known.best()
    trace = Trace(folder / "run")
    with meter("write to the trace"):
        trace.value(partial(RecordedValues().to_text, {"scores": scores}), path="evaluate", round="", element="")
        trace.close()
    meter.note("trace in MB", (folder / "run" / "values.jsonl").stat().st_size / 1e6)
    right = (PROMPTS, meter.size)
    if (len(found), len(joined.rows)) != right or best is None:
        raise SystemExit(f"wrong: {len(found)} prompts, {len(joined.rows)} rows")
    del scores, half, joined, known
    with meter("read the candidates"):
        candidates = Run.open(folder / "run").candidates
    compared = Run.open(_compared(folder / "compared", meter.size))
    with meter("read the comparison"):
        rows = compared.rows()
    with meter("rows as CSV"):
        csv_text(rows)
    with meter("page"):
        page = render_page(page_data(compared), None)
    meter.note("page in MB", len(page) / 1e6)
    if (len(candidates), len(rows)) != (PROMPTS, meter.size // 2):
        raise SystemExit(f"wrong: {len(candidates)} candidates, {len(rows)} rows")
