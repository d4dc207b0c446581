"""The tables of docs/worlds.md are those of the runs in docs/worlds.jsonl, which bench/worlds.py makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import worlds as bench

from promptwire.documents import resources
from promptwire.language.check import load_graph

SMALLEST = ("planted-order", "random-search", 0)


@pytest.mark.parametrize("name", bench.PIPELINES)
def test_each_line_of_the_table_is_a_shipped_optimizer_that_takes_its_settings(name: str) -> None:
    params, patches = bench.settings(name)
    assert name in resources.pipelines()
    assert params
    load_graph(name, params=params, patches=patches)


def test_the_page_shows_the_tables_of_its_runs() -> None:
    page = bench.PAGE.read_text(encoding="utf-8")
    assert bench.written(page, bench.read()) == page, "write it anew: python bench/worlds.py --page"


def test_every_cell_of_every_world_but_the_label_free_one_has_a_score() -> None:
    found = bench.read()
    for world in bench.WORLDS:
        for name in bench.PIPELINES:
            rows = [scores for key, scores in found.items() if key[:2] == (world, name)]
            assert rows
            without_outputs = world == "planted-taste" and name != "spo"
            assert all((score is None) == without_outputs for scores in rows for score in scores)


def test_a_run_that_is_made_again_reaches_what_the_file_says() -> None:
    """A failure means that a pipeline, a template or a world has changed: make its runs anew and say why."""
    run = bench.Run(*SMALLEST)
    assert bench.reached(run) == bench.read()[run.key]


def test_runs_that_are_missing_are_made_and_the_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "RUNS", tmp_path / "worlds.jsonl")
    first, second = (bench.Run("planted-order", "gepa", seed) for seed in (0, 1))
    bench.RUNS.write_text(json.dumps([*first.key, [0.1, 0.2, 0.3]]) + "\n", encoding="ascii")
    monkeypatch.setattr(bench, "PIPELINES", {**bench.PIPELINES, "gepa": "-p rounds=1"})
    assert bench.read() == {}, "a run with other settings is another run"
    bench.make([second], 1)
    assert list(bench.read()) == [bench.Run("planted-order", "gepa", 1).key]


def test_a_table_has_means_intervals_and_the_number_of_seeds() -> None:
    found = {bench.Run("planted-order", "gepa", seed).key: [0.2, 0.4 + seed / 10, None] for seed in range(3)}
    text = bench.written("before <!-- reached --> old <!-- end --> after", found)
    assert "old" not in text and text.startswith("before ") and text.endswith(" after")
    assert "over 3 seeds of 20; the other runs are not made yet." in text
    assert "| `gepa` |  |  | 0.20 ± 0.00 |" in text and "| 0.50 ± 0.25 |" in text
