"""Pages of runs for the tests in a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptwire.page.data import page_data
from promptwire.page.html import render_page
from promptwire.page.vega import chart_script
from promptwire.results.run import Run
from tests.page_runs import big_run, page_run


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of a rich, a large, a bare and a chartless page."""
    home = tmp_path_factory.mktemp("pages")
    script = chart_script(home / "cache")
    runs = {
        "rich": page_run(home / "rich"),
        "big": big_run(home / "big", candidates=10_000, rows=2, heldout=3000),
        "unfinished": page_run(home / "unfinished", report=False),
        "graded": _graded(page_run(home / "graded")),
    }
    found = {name: _write(home / f"{name}.html", render_page(page_data(Run.open(run)), script)) for name, run in runs.items()}
    return {**found, "chartless": _write(home / "chartless.html", render_page(page_data(Run.open(runs["rich"])), None))}


def _graded(folder: Path) -> Path:
    """Halve the held-out values of a run, each the mean of two answers."""
    twice = [
        {"output": text, "answer": text, "value": value, "readable": True} for text, value in (("yes", 1.0), ("oh no", 0.0))
    ]
    lines = [json.loads(line) for line in (folder / "values.jsonl").read_text().splitlines()]
    for line in lines:
        pairs = line["outputs"].get("pairs") if line["path"] == "report" else None
        if pairs:
            line["outputs"]["pairs"] = [[example, before / 2, after / 2] for example, before, after in pairs]
            for row in line["outputs"]["scores"]["rows"]:
                row["repeats"] = twice
    (folder / "values.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
