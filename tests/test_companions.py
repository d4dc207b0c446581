"""Companion texts and marks in a whole run: they reach the report, the run folder, its page and its records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptwire.api import run
from promptwire.options import Options
from promptwire.page.data import page_data
from promptwire.page.html import render_page
from promptwire.results.frames import to_records
from promptwire.results.run import Run

PIPELINE = """
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  few:    {use: take, of: $train, n: 6}
  made:   {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 3}
  units:  {use: compose, prompts: $made, template: unit.j2}
  aged:   {use: mark, of: $units, name: age, template: place.j2}
  best:   {use: beam-select, prompts: $aged, on: $few, keep: 1}
  again:  {use: resample, prompts: $best, template: ape/paraphrase.j2, keep_parents: true}
  last:   {use: take, of: $again, from: end}
outputs: {prompt: $last}
"""
UNIT = "{{ prompt }}\n--- mutation ---\nMake it <b>shorter</b>.\n"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose best prompt has a companion."""
    folder = tmp_path_factory.mktemp("companions")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "units.yaml").write_text(PIPELINE)
        (folder / "unit.j2").write_text(UNIT)
        (folder / "place.j2").write_text("{{ number }}")
        report = run("units.yaml", "planted", Options(models={"task": "scripted:planted"}))
        return Run.open(Path(report.run).absolute())


def test_the_report_and_its_file_name_the_companions_of_the_best_prompt(done: Run) -> None:
    assert done.report is not None
    assert done.report.companions == {"mutation": "Make it <b>shorter</b>."}
    assert json.loads((done.folder / "report.json").read_text())["companions"] == done.report.companions
    assert "companions" not in json.loads(done.report.model_copy(update={"companions": {}}).to_json())


def test_the_best_prompt_is_found_among_the_candidates_with_its_lineage(done: Run) -> None:
    assert done.best is not None
    assert done.best.companions == {"mutation": "Make it <b>shorter</b>."}
    found = {candidate.id: candidate for candidate in done.candidates}
    parent = found[found[done.best.id].parents[0]]
    assert (parent.prompt.companions, parent.prompt.marks["age"] > 0) == (done.best.companions, True)
    assert found[parent.parents[0]].prompt.companions == {}


def test_records_have_columns_for_companions_and_marks(done: Run) -> None:
    columns = {name for record in to_records(done.candidates) for name in record}
    assert {"companion_mutation", "mark_age"} <= columns


def test_the_page_shows_companions_as_text(done: Run) -> None:
    data = page_data(done)
    assert data.best is not None
    assert data.best["companions"] == {"mutation": "Make it <b>shorter</b>."}
    assert data.candidates[data.lineage[-1]].companions == data.best["companions"]
    page = render_page(data, None)
    assert "Make it <b>shorter" not in page
