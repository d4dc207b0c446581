"""The data of a page: all that a run folder holds, in the order and with the links that the page needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promptwire.page.data import page_data
from promptwire.page.values import PageData, to_text
from promptwire.results.run import Run
from tests.page_runs import HOSTILE, page_run
from tests.sample_runs import comparison, small_run, written_run


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> PageData:
    """Data of a run with everything in it."""
    notes = ("warning: 1 of 5 examples left out", "dev: taken from train")
    return page_data(Run.open(page_run(tmp_path_factory.mktemp("rich") / "run", notes=notes)))


def test_the_data_are_json_and_hold_hostile_text_unchanged(rich: PageData) -> None:
    text = to_text(rich)
    assert text.isascii()
    found = json.loads(text)
    assert found["best"]["text"] == f"Answer with yes or no only. {HOSTILE}"
    assert found["candidates"][0] == {
        "id": rich.candidates[0].id, "text": "Answer.", "demos": [], "words": 1, "parents": [], "step": "", "round": "",
        "score": 0.25, "n": 4, "calls": 4, "critiques": [], "asked": None, "companions": {}, "marks": {},
    }  # fmt: skip


def test_the_lineage_leads_from_the_initial_prompt_to_the_best_with_its_requests(rich: PageData) -> None:
    assert rich.lineage == (0, 1, 2) and rich.best is not None and rich.best["at"] == 2
    initial, middle, best = (rich.candidates[at] for at in rich.lineage)
    assert (initial.parents, middle.parents, best.parents) == ((), (0,), (1,))
    assert middle.critiques == ("It must say yes or no.",)
    assert initial.asked is None and best.asked is not None
    asked = rich.requests["items"][best.asked]
    assert [one["role"] for one in asked.messages] == ["system", "user"]
    assert (asked.replies[0].text, asked.replies[0].read) == (f"<p>{best.text}</p>", (best.text,))


def test_all_recorded_requests_are_there_with_what_they_scored(rich: PageData) -> None:
    items = rich.requests["items"]
    assert [(one.path, one.round, one.at) for one in items] == [
        ("search.edits", "1", None), ("search.edits", "2", None), ("search.edits", "2", None), ("report", "", 2),
    ]  # fmt: skip
    assert (rich.requests["recorded"], rich.requests["left"]) == (4, {})
    assert items[2].replies[0].readable is False and items[3].replies[0].value == 1.0


def test_requests_without_room_are_counted_by_step_and_ancestors_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run.open(page_run(tmp_path / "run"))
    monkeypatch.setattr("promptwire.page.requests._ROOM", 1000)
    small = page_data(run)
    assert small.requests["left"] == {"search.edits": 1, "report": 1}
    assert small.candidates[1].asked == 0 and small.candidates[2].asked == 1


def test_points_are_in_the_order_of_their_scores_with_what_was_spent(rich: PageData) -> None:
    points = rich.progress["points"]
    assert [(point.at, point.score, point.n) for point in points] == [(0, 0.25, 4), (1, 0.75, 4), (2, 0.625, 4)]
    assert [point.calls for point in points] == [4, 9, 14]
    assert [point.tokens for point in points] == [180, 405, 630]
    assert points[0].usd == pytest.approx(0.004) and points[0].seconds < points[1].seconds
    assert [point.at for point in rich.progress["best"]] == [0, 1]


def test_examples_have_both_answers_and_the_feedback_of_the_metric(rich: PageData) -> None:
    first = rich.examples["test"][0]
    assert first.input == f"{HOSTILE} 0" and first.expected == ("yes", "Yes")
    assert (first.initial.value, first.initial.output, first.initial.feedback) == (0.0, "I say 0", "wrong label")
    assert (first.best.value, first.best.answer) == (1.0, "1")
    assert len(rich.examples["train"]) == 4


def test_the_best_prompt_has_its_demonstrations_and_the_request_as_sent(rich: PageData) -> None:
    assert rich.best is not None
    assert rich.best["demos"] == ({"text": "shown", "output": "yes"},) and not rich.best["same"]
    (message,) = rich.best["messages"]
    assert message["role"] == "user" and message["content"].endswith("sentence 1")


def test_calls_are_counted_by_node_and_unreadable_replies_shown(rich: PageData) -> None:
    nodes = {step.path: step for step in rich.steps}
    assert (nodes["search.select"].new, nodes["search.select"].cached, nodes["search.select"].tokens) == (10, 2, 540)
    assert (nodes["search.edits"].failed, nodes["search.edits"].counts) == (1, {"unreadable": 2, "duplicates": 1})
    assert rich.usage["new"] == 20 and rich.usage["tokens"] == 900
    (unread,) = rich.unreadable
    assert (unread.path, unread.total, unread.samples) == ("search.edits", 2, (f"no tags {HOSTILE}",))


def test_notes_keep_their_severity(rich: PageData) -> None:
    assert [(note["severity"], note["text"]) for note in rich.notes] == [
        ("warning", "1 of 5 examples left out"),
        ("info", "dev: taken from train"),
    ]


def test_selection_and_held_out_score_stand_apart(rich: PageData) -> None:
    assert rich.scores is not None
    assert rich.scores["search"] == {"score": 1.0, "scored_on": 4} and rich.scores["test"]["best"]["score"] == 0.75
    assert rich.scores["optimism"] == pytest.approx(0.25)


def test_a_real_run_has_a_graph_with_counts_and_a_command() -> None:
    data = page_data(Run.open(small_run()))
    assert data.graph is not None
    (drawing,) = data.graph.values()
    select = next(step for step in data.steps if step.path == "search.select")
    assert f"{select.new:,} new" in drawing
    assert data.reproduce["command"].startswith(
        "promptwire run protegi --task planted --model scripted:planted --seed 0 -p pulls=100"
    )
    assert (
        data.lineage and data.candidates[data.lineage[0]].step == "" and data.candidates[data.lineage[-1]].id == data.best["id"]
    )  # type: ignore[index]
    assert sum(step.new for step in data.steps) == data.usage["new"] and data.run["state"]["kind"] == "finished"
    assert all(
        "/" not in file["name"] or file["name"].startswith(("pipelines/", "templates/")) for file in data.reproduce["files"]
    )


def test_a_pipeline_with_other_steps_by_now_is_not_drawn(tmp_path: Path) -> None:
    folder = page_run(tmp_path / "run")
    settings = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**settings, "pipeline": "opro"}))
    assert page_data(Run.open(folder)).graph is None


def test_a_folder_with_values_alone_gives_what_they_tell(tmp_path: Path) -> None:
    data = page_data(Run.open(written_run(tmp_path / "run", values=[comparison([(0, 1), (1, 1)])])))
    assert (data.scores, data.graph, data.lineage, data.candidates) == (None, None, (), ())
    assert [row.best.value for row in data.examples["test"]] == [1, 1]
    assert data.run["pipeline"] == "unknown pipeline"


def test_an_empty_folder_of_an_earlier_version_says_what_is_missing(tmp_path: Path) -> None:
    data = page_data(Run.open(written_run(tmp_path / "run", events=[{"event": "start", "path": "search"}])))
    assert data.best is None and data.initial is None and data.progress == {"points": (), "best": ()}
    assert any("no outputs of steps" in note["text"] for note in data.notes)
    assert json.loads(to_text(data))["steps"] == []
