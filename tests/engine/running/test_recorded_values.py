"""Recorded values: a member of a large set is recorded once, and a run reads the same afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.results.run import Run
from promptwire.running import recorded_values
from promptwire.running.recorded_values import LARGE, RecordedValues
from promptwire.values import Entry, Example, Examples, History, Prompt, Prompts
from promptwire.values.named import Marks
from tests.sample_runs import small_run

PROMPTS = tuple(Prompt(text=f"Prompt {number}.") for number in range(LARGE + 5))


def _items(recorded: dict[str, Any], port: str = "prompts", of: str = "items") -> int:
    return len(recorded[port][of])


def test_a_small_set_is_recorded_whole_each_time() -> None:
    small = {"prompts": Prompts(items=PROMPTS[:9]), "n": 3, "none": None}
    recorded = RecordedValues()
    first = recorded.to_json(small)
    assert (
        first
        == recorded.to_json(small)
        == {"prompts": Prompts(items=PROMPTS[:9]).model_dump(mode="json"), "n": 3, "none": None}
    )


def test_of_a_large_set_only_new_members_are_recorded_again() -> None:
    recorded = RecordedValues()
    assert recorded.to_json({"prompts": Prompts(items=PROMPTS)})["prompts"] == Prompts(items=PROMPTS).model_dump(mode="json")
    again = recorded.to_json({"prompts": Prompts(items=(*PROMPTS, Prompt(text="new")))})
    assert (_items(again), again["prompts"]["recorded_before"]) == (1, len(PROMPTS))
    marked = PROMPTS[3].model_copy(update={"marks": Marks({"visits": 2.0})})
    assert _items(recorded.to_json({"prompts": Prompts(items=(*PROMPTS[:3], marked, *PROMPTS[4:]))})) == 1


def test_a_prompt_that_gets_earlier_marks_again_is_recorded_again() -> None:
    recorded, last = RecordedValues(), []
    for visits in (1.0, 2.0, 1.0, 1.0):
        marked = PROMPTS[3].model_copy(update={"marks": Marks({"visits": visits})})
        found = recorded.to_json({"prompts": Prompts(items=(*PROMPTS[:3], marked, *PROMPTS[4:]))})
        last += [one["marks"] for one in found["prompts"]["items"] if one.get("marks")]
    assert [one["visits"] for one in last] == [1.0, 2.0, 1.0]


def test_a_history_and_examples_are_recorded_member_by_member() -> None:
    recorded, entries = RecordedValues(), tuple(Entry(prompt=prompt, score=0.5, n=2) for prompt in PROMPTS)
    examples = tuple(Example(input=f"{number}") for number in range(LARGE))
    recorded.to_json({"history": History(entries=entries), "examples": Examples(items=examples)})
    better = (entries[0].model_copy(update={"score": 0.9}), *entries[1:])
    found = recorded.to_json({"history": History(entries=better), "examples": Examples(items=examples)})
    assert (_items(found, "history", "entries"), _items(found, "examples")) == (1, 0)


def test_all_rounds_of_a_growing_set_record_as_many_members_as_it_has_at_the_end() -> None:
    recorded, written = RecordedValues(), 0
    for size in range(LARGE, len(PROMPTS) + 1):
        written += _items(recorded.to_json({"prompts": Prompts(items=PROMPTS[:size])}))
    assert written == len(PROMPTS)


def test_a_run_that_records_members_once_reads_like_one_that_records_them_always(monkeypatch: pytest.MonkeyPatch) -> None:
    always = Run.open(small_run("opro", {"steps": "3"}, cache="off"))
    monkeypatch.setattr(recorded_values, "LARGE", 1)
    once = Run.open(small_run("opro", {"steps": "3"}, cache="off"))

    def facts(run: Run) -> list[Any]:
        return [(one.prompt, one.score, dict(one.values), one.origin.critiques, len(one.scores)) for one in run.candidates]

    assert facts(once) == facts(always) and len(once.candidates) > 5
    sizes = [(run.folder / "values.jsonl").stat().st_size for run in (once, always)]
    assert sizes[0] < sizes[1]
