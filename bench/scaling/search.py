"""A search of many rounds and candidates: the run itself, and what reads its folder afterwards."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from bench.scaling.meter import Meter
from promptwire.api import run_async
from promptwire.backends.scripted import ScriptedBackend
from promptwire.networks.lineage import lineage_text, make_lineage
from promptwire.options import Options
from promptwire.page.data import page_data
from promptwire.page.html import render_page
from promptwire.results.run import Run
from promptwire.results.run_list import list_runs

__all__ = ["SIZES", "UNIT", "measure"]

UNIT = "candidate"
SIZES = (500, 5_000, 50_000)
EACH = 500
"""Candidates of a round."""
ROLES = ("task", "meta", "judge")
PIPELINE = """promptwire: 1
inputs: {{seed: Prompts, train: Examples}}
nodes:
  search:
    repeat: {rounds}
    carry:
      beam: {{start: $seed, next: $top.prompts}}
      log: {{type: History, next: $longer}}
    nodes:
      ideas: {{use: compose, prompts: $beam, n: {each}, template: write.j2, with: {{round: $round}}}}
      few: {{use: take, of: $train, n: 1}}
      scores: {{use: evaluate, prompts: $ideas, on: $few}}
      longer: {{use: history-append, scores: $scores, log: $log}}
      top: {{use: history-select, of: $longer, best: 1}}
outputs: {{prompt: $search.beam}}
"""
WRITE = "Read the sentence twice, look for words that praise or blame, and answer with one word ({{ round }}, {{ number }})."


def write_files(folder: Path, rounds: int, each: int) -> None:
    """Write pipeline, template and task."""
    (folder / "search.yaml").write_text(PIPELINE.format(rounds=rounds, each=each))
    (folder / "write.j2").write_text(WRITE)
    rows = [json.dumps({"input": f"A sentence about film {number}.", "output": "yes"}) + "\n" for number in range(60)]
    (folder / "train.jsonl").write_text("".join(rows[:30]))
    (folder / "test.jsonl").write_text("".join(rows[30:]))
    (folder / "task.yaml").write_text("data: {train: train.jsonl, test: test.jsonl}\nprompt: Label it.\nmetric: exact\n")


def measure(meter: Meter, folder: Path) -> None:
    """Measure a search of `meter.size` candidates."""
    each = min(EACH, meter.size)
    write_files(folder, meter.size // each, each)
    os.environ["PROMPTWIRE_CACHE"], os.environ["PROMPTWIRE_RUNS"] = str(folder / "cache"), str(folder / "runs")
    os.chdir(folder)
    models = {role: ScriptedBackend(lambda request, key: "yes") for role in ROLES}
    with meter("run"):
        report = asyncio.run(run_async("search.yaml", "task.yaml", Options(cache="off"), models=models))
    for name in ("values", "events", "calls", "asked"):
        file = Path(report.run) / f"{name}.jsonl"
        meter.note(f"{name} in MB", file.stat().st_size / 1e6 if file.exists() else 0.0)
    with meter("list of runs"):
        runs = list(list_runs(folder / "runs"))
    with meter("state and report"):
        run = Run.open(Path(report.run))
        known = (run.state, run.report, run.rows(), run.leader)
    with meter("candidates"):
        found = len(run.candidates)
    with meter("lineage"):
        text = lineage_text(make_lineage(run))
    with meter("page"):
        page = render_page(page_data(run), None)
    meter.note("page in MB", len(page) / 1e6)
    if (len(runs), found) != (1, meter.size) or not all(known) or text.count("\n") != found:
        raise SystemExit(f"wrong: {len(runs)} runs, {found} candidates")
