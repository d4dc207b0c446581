"""Requests of a run, read from its log, from its calls and from the cache."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from promptwire.errors import RunError, UsageError
from promptwire.results.asked import ASKED
from promptwire.results.run import Run
from tests.sample_runs import small_run, written_run

GRADIENTS, EDITS = "search.expand.family.gradients", "search.expand.family.edits"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A finished run, and its cache."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("PROMPTWIRE_CACHE", str(home / "cache"))
        patch.setenv("PROMPTWIRE_RUNS", str(home / "runs"))
        return small_run(), home / "cache"


def test_a_request_is_shown_as_sent_with_its_replies_and_what_was_read(folders: tuple[Path, Path]) -> None:
    first, *_ = Run.open(folders[0]).asked(GRADIENTS, "1")
    assert (first.role, first.model, first.template) == ("meta", "scripted:planted", "protegi/gradient.j2")
    assert first.recorded and "Write the label of the parcel." in "".join(text for _, text in first.messages)
    (reply,) = first.replies
    assert reply.text is not None and reply.answers and all(f"<START>{answer}<END>" in reply.text for answer in reply.answers)
    assert reply.readable and reply.new and first.settings["temperature"] == 0.7


def test_a_round_selects_its_requests_and_all_are_shown_without_one(folders: tuple[Path, Path]) -> None:
    run = Run.open(folders[0])
    rounds = [{one.round for one in run.asked(GRADIENTS, round)} for round in ("1", "2", None, "7")]
    assert rounds == [{"1"}, {"2"}, {"1", "2"}, set()]


def test_a_round_0_is_refused_since_rounds_count_from_1(folders: tuple[Path, Path]) -> None:
    for none in ("0", "1.0"):
        with pytest.raises(UsageError, match="counted from 1"):
            Run.open(folders[0]).asked(GRADIENTS, none)


def test_each_written_candidate_leads_to_its_request_and_its_critique(folders: tuple[Path, Path]) -> None:
    run = Run.open(folders[0])
    written = [one for one in run.candidates if one.prompt.made_by == EDITS]
    by_key = {reply.key: asked for asked in run.asked(EDITS) for reply in asked.replies}
    assert written
    for one in written:
        asked = by_key[one.origin.request]
        assert one.text in (asked.replies[0].answers or ()) and asked.critiques == one.origin.critiques
        assert len(one.origin.critiques) == 1 and one.origin.critiques[0] in "".join(text for _, text in asked.messages)


def test_two_scored_requests_of_each_prompt_are_logged_with_pair_and_value(folders: tuple[Path, Path]) -> None:
    run = Run.open(folders[0])
    logged = [one for one in run.asked("search.select", "2") if one.recorded]
    values = {one.id: one.values for one in run.candidates}
    counts = Counter(one.pair[0] for one in logged if one.pair)
    assert set(counts.values()) == {2} and all(one.template == "task/chat.j2" for one in logged)
    for one in logged:
        assert one.pair is not None
        prompt, example = one.pair
        shown = "".join(text for _, text in one.messages)
        assert run.examples[example].text in shown and one.replies[0].value == values[prompt][example]
    final = [one for one in run.asked("report") if one.recorded]
    assert {one.element for one in final} == {"test", "train"} and len(final) == 8


def test_without_a_log_replies_come_from_the_cache_with_their_round(folders: tuple[Path, Path], tmp_path: Path) -> None:
    logged = Run.open(folders[0]).asked(GRADIENTS)
    folder = tmp_path / "run"
    shutil.copytree(folders[0], folder)
    (folder / ASKED).unlink()
    bare = Run.open(folder).asked(GRADIENTS, cache=folders[1])
    assert [(one.round, one.replies[0].key, one.replies[0].text) for one in bare] == [
        (one.round, one.replies[0].key, one.replies[0].text) for one in logged
    ]
    assert not any(one.recorded for one in bare) and bare[0].replies[0].answers is None
    lost = Run.open(folder).asked(GRADIENTS, cache=tmp_path / "none")
    assert {one.replies[0].text for one in lost} == {None}


def test_a_step_that_asked_nothing_is_one_error_with_the_steps_that_did(folders: tuple[Path, Path]) -> None:
    with pytest.raises(RunError, match="called a model in this run") as caught:
        Run.open(folders[0]).asked("search.expand.family.gradient")
    assert GRADIENTS in caught.value.hint


def test_lines_of_another_version_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    lines = [
        {"path": "s", "round": 3, "messages": [["user", "hi"], "odd", ["x"]], "replies": [{"text": 5, "sample": "a"}, 7]},
        {"path": "s", "replies": None, "pair": ["one"], "settings": [], "aura": 1},
    ]
    first, second = Run.open(written_run(tmp_path, asked=lines, calls=[])).asked("s")
    assert (first.round, first.messages, first.replies[0].text, first.replies[0].sample) == ("4", (("user", "hi"),), None, 0)
    assert (second.recorded, second.pair, second.replies) == (False, None, ())
