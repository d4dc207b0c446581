"""The prompt that leads a search is read from events, and from scored prompts where there are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptwire.results.leader import Leader, leader_in
from promptwire.results.run import Run
from promptwire.values import Prompt
from tests.sample_runs import small_run, written_run

FIRST = {"event": "leader", "metric": "exact", "prompt": "Add.", "score": 0.5, "examples": 8}


def test_the_leader_is_the_last_one_by_the_first_metric() -> None:
    later = {**FIRST, "prompt": "Add them.", "score": 0.75}
    assert leader_in([FIRST, later, {**FIRST, "metric": "f1", "score": 0.9}]) == Leader("Add them.", 0.75, 8)
    assert leader_in([{"event": "start"}]) is None


def test_an_event_of_an_earlier_version_has_the_number_of_examples_as_n() -> None:
    assert leader_in([{"event": "leader", "prompt": "Add.", "score": 0.5, "n": 8}]) == Leader("Add.", 0.5, 8)


@pytest.mark.parametrize("wrong", [{"score": "high"}, {"prompt": None}, {"examples": 1.5}, {"score": float("nan")}])
def test_an_event_with_other_values_leaves_the_leader_before(wrong: dict[str, object]) -> None:
    assert leader_in([FIRST, {**FIRST, **wrong}]) == Leader("Add.", 0.5, 8)


def test_a_real_run_tells_its_leader_with_and_without_events() -> None:
    folder = small_run()
    positions = [json.loads(line)["n"] for line in (folder / "events.jsonl").read_text().splitlines()]
    assert positions == sorted(set(positions))
    told = Run.open(folder).leader
    (folder / "events.jsonl").unlink()
    found = Run.open(folder).leader
    assert told is not None and found is not None and min(told.n, found.n) > 8


def test_a_score_on_few_examples_does_not_lead(tmp_path: Path) -> None:
    lucky, sure = Prompt(text="Lucky."), Prompt(text="Sure.")
    rows = [{"prompt": sure.id, "example": str(n), "value": float(n > 0)} for n in range(8)]
    rows += [{"prompt": lucky.id, "example": "7", "value": 1.0}]
    prompts = {"items": [one.model_dump(mode="json") for one in (lucky, sure)]}
    line = {"path": "keep", "round": "0", "outputs": {"scores": {"metric": "exact", "prompts": prompts, "rows": rows}}}
    assert Run.open(written_run(tmp_path / "run", values=[line])).leader == Leader("Sure.", 0.875, 8)
    assert Run.open(written_run(tmp_path / "none", values=[])).leader is None
