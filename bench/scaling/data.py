"""A task with many long examples: load, filter, sample, identify, run, make a bundle."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

from bench.scaling.meter import Meter
from promptwire.api import run_async
from promptwire.backends.scripted import ScriptedBackend
from promptwire.bundles.writer import write_bundle
from promptwire.language.check import load_graph
from promptwire.planning.plan import make_plan
from promptwire.results.provenance import fingerprint
from promptwire.tasks.data_notes import data_notes
from promptwire.tasks.splits import split
from promptwire.tasks.task import load_task
from promptwire.values import Examples

__all__ = ["SIZES", "UNIT", "lines", "measure"]

UNIT = "example"
SIZES = (2_000, 20_000, 200_000)
ROLES = ("task", "meta", "judge")
CHARACTERS = 1_000
"""Characters of a text."""
WORDS = ("film", "plot", "actors", "slow", "bright", "dull", "moving", "long", "clever", "loud", "script", "score")
"""A review is made of these."""


def lines(size: int) -> Iterator[str]:
    """Lines of a data file: long texts of which a hundredth are there twice."""
    draws = random.Random(3)
    for number in range(size):
        same = number - 1 if number % 100 == 99 else number
        draws.seed(same)
        text = " ".join(draws.choices(WORDS, k=CHARACTERS // 6))
        label = ("positive", "negative")[same % 2]
        yield json.dumps({"input": f"{same}: {text}", "output": label, "film": f"film {same // 20}"}) + "\n"


PIPELINE = """promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  short: {use: where, of: $train, template: short.j2}
  few: {use: sample, of: $short, n: 20}
  best: {use: beam-select, prompts: $seed, on: $few}
outputs: {prompt: $best}
"""


def measure(meter: Meter, folder: Path) -> None:
    """Measure a task of `meter.size` training examples."""
    (folder / "train.jsonl").write_text("".join(lines(meter.size)), encoding="ascii")
    (folder / "test.jsonl").write_text("".join(lines(100)).replace('"input": "', '"input": "held out '), encoding="ascii")
    (folder / "pipeline.yaml").write_text(PIPELINE)
    (folder / "short.j2").write_text("{{ length < 1000 }}")
    (folder / "task.yaml").write_text(
        "data: {train: train.jsonl, test: test.jsonl}\nprompt: Label the review.\nmetric: exact\n"
    )
    meter.note("data in MB", (folder / "train.jsonl").stat().st_size / 1e6)
    with meter("load"):
        task = load_task(str(folder / "task.yaml"))
    with meter("unique once more"):
        Examples.of(task.train.items)
    with meter("identify"):
        fingerprint(task)
    with meter("notes"):
        data_notes(task.test, task.train, None, None)
    with meter("split"):
        split(task.train, 0.2, "dev")
    with meter("split in groups"):
        split(task.train, 0.2, "dev", group="film")
    graph = load_graph(folder / "pipeline.yaml")
    with meter("plan"):
        make_plan(graph, task)
    os.environ["PROMPTWIRE_CACHE"], os.environ["PROMPTWIRE_RUNS"] = str(folder / "cache"), str(folder / "runs")
    os.chdir(folder)
    models = {role: ScriptedBackend(lambda request, key: "positive") for role in ROLES}
    with meter("run"):
        report = asyncio.run(run_async("pipeline.yaml", "task.yaml", models=models))
    run = Path(report.run)
    meter.note("run folder in MB", sum(one.stat().st_size for one in run.iterdir()) / 1e6)
    with meter("bundle"):
        write_bundle(run, folder / "cache", folder / "bundle.jsonl")
