"""The figures of the runs of docs/results.md, read from their files: bundles are replayed, public runs are read.

All figures together are docs/results/figures.json, so that the page is made in a moment and each bundle is checked by itself.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import results
from critique import critique_and_edit
from results import Run

from promptwire.bundles.format import read_lines
from promptwire.bundles.replay import manifest_of, replay, shipped_changes
from promptwire.cache.maintenance import CacheEntry
from promptwire.graph.nesting import every_step
from promptwire.graph.steps import CallStep, Graph
from promptwire.language.check import load_graph
from promptwire.results.report import TAKEN_WHOLE, UNREADABLE
from promptwire.results.run import Run as Recorded


def collect() -> list[dict[str, Any]]:
    """The figures of every run that has a file, in the order of the table."""
    return [of_public(run) if run.public else of_bundle(run) for run in results.runs() if run.file.exists()]


def load() -> list[dict[str, Any]]:
    """The figures as they were collected last; none without the file."""
    file = results.RESULTS / "figures.json"
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="ascii")) if file.exists() else []
    return found


def save(found: list[dict[str, Any]]) -> None:
    """Keep `found` as docs/results/figures.json, a run a line."""
    lines = ",\n".join(json.dumps(one, sort_keys=True) for one in found)
    (results.RESULTS / "figures.json").write_text(f"[\n{lines}\n]\n", encoding="ascii")


def of_bundle(run: Run) -> dict[str, Any]:
    """The figures of a replayed bundle. The duration is that of the run itself."""
    times = [line.record.when for line in read_lines(run.file) if isinstance(line, CacheEntry)]
    with tempfile.TemporaryDirectory(prefix="promptwire-") as made:
        folder = Path(made) / "run"
        report = {**replay(run.file, keep=folder).model_dump(mode="json"), "seconds": results.busy_seconds(times)}
        found = _figures(report, run, results.heldout_pairs(folder))
        edit = critique_and_edit(folder, report["prompt"])
        return {**found, "copied": report["search"]["copied"], "edit": edit, "templates": replies_by_template(folder)}


def of_public(run: Run) -> dict[str, Any]:
    """The figures of a run on public data, of which no texts but the prompts are kept."""
    report = json.loads(run.file.read_text(encoding="ascii"))
    return {**_figures(report, run, report["pairs"]), "copied": report["search"]["copied"], "edit": None, "templates": {}}


def replies_by_template(folder: Path) -> dict[str, dict[str, int]]:
    """By template of the meta model: its replies in the run `folder`, those read by the marks, and those taken whole."""
    found: dict[str, dict[str, int]] = {}
    for asked in Recorded.open(folder).recorded:
        if asked.role != "meta":
            continue
        counts = found.setdefault(asked.template, {"replies": 0, "read": 0, "taken": 0})
        counts["replies"] += len(asked.replies)
        counts["read"] += sum(reply.readable for reply in asked.replies)
        counts["taken"] += sum(not reply.readable and bool(reply.answers) for reply in asked.replies)
    return found


def changed(run: Run) -> tuple[str, ...]:
    """Shipped files that the run read and that have changed since; none for a public run, which has no bundle."""
    return () if run.public else shipped_changes(manifest_of(run.file))


def writing_steps(graph: Graph) -> frozenset[str]:
    """Paths of the steps that ask the meta model; what the task model answered unreadably is counted elsewhere."""
    calls = (step for step in every_step(graph) if isinstance(step, CallStep))
    return frozenset(step.path for step in calls if step.asking is not None and step.asking.role == "meta")


def _figures(report: dict[str, Any], run: Run, pairs: list[list[Any]]) -> dict[str, Any]:
    search = report["search"]
    writing = writing_steps(load_graph(run.pipeline))
    meta = {path: found for path, found in report["counts"].items() if path in writing}
    return {
        "task": run.task,
        "pipeline": run.pipeline,
        "seed": run.seed,
        **{name: report[name] for name in ("metric", "initial_prompt", "prompt", "seconds")},
        **{
            side: {name: report["test"][side][name] for name in ("score", "low", "high", "n")}
            for side in ("initial", "best", "gain")
        },
        "calls": search["calls"],
        "selected": search["score"],
        "selected_on": search["scored_on"],
        "candidates": search["candidates"],
        "copying": search["copying"],
        "unreadable": sum(found.get(what, 0) for found in meta.values() for what in (UNREADABLE, TAKEN_WHOLE)),
        "dropped": sum(found.get("with copied examples", 0) for found in meta.values()),
        "pairs": pairs,
    }
