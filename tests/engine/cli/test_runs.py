"""`promptwire runs`, `show`, `rows`, `asked`, `diff` and `watch`, on runs in every state."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from promptwire.cli.app import app
from promptwire.errors import PromptwireError, RunError, UsageError
from promptwire.results.run_state import recorded_state
from tests.sample_runs import comparison, small_run, written_run

COMMANDS = (["runs"], ["show", "last"], ["rows", "last"], ["asked", "last"], ["diff", "last", "last"], ["watch", "last"])
EDITS = "search.expand.family.edits"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs folder with one finished run."""
    with pytest.MonkeyPatch.context() as patch:
        made = tmp_path_factory.mktemp("home")
        patch.setenv("PROMPTWIRE_CACHE", str(made / "cache"))
        patch.setenv("PROMPTWIRE_RUNS", str(made / "runs"))
        small_run()
        return made / "runs"


@pytest.fixture
def finished(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The finished run, in the runs folder of this test."""
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(home))
    monkeypatch.setenv("COLUMNS", "120")
    return next(home.iterdir())


def said(*words: str) -> str:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output or done.exception
    return done.stdout


def refused(*words: str) -> PromptwireError:
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, PromptwireError), done.output
    return done.exception


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_each_command_prints_json_alone_with_json(finished: Path, words: list[str]) -> None:
    lines = said(*words, "--json").splitlines()
    assert lines and all(json.loads(line) is not None for line in lines)
    assert len(lines) == 1 or words[0] == "watch"


def test_runs_are_listed_filtered_and_counted(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert finished.name in said("runs", "--pipeline", "protegi", "--task", "planted", "--state", "finished")
    assert "no such runs" in said("runs", "--task", "sums") and "no such runs" in said("runs", "--state", "at-work")
    for number in range(4):
        test = {"best": {"score": number / 4, "n": 4}}
        report = {"pipeline": "my/ape.yaml", "task": "t", "prompt": "x", "test": test, "cost_usd": 4 - number}
        written_run(tmp_path / f"2026110{number}-100000-ape-t-0", report=report)
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path))
    by_best = json.loads(said("runs", "--sort", "best", "--json"))
    assert [one["best"] for one in by_best] == [0.75, 0.5, 0.25, 0.0]
    assert [one["usd"] for one in json.loads(said("runs", "--sort", "cost", "--json"))] == [4, 3, 2, 1]
    assert "2 more: list them with -n 0" in said("runs", "-n", "2") and "more" not in said("runs", "-n", "0")
    assert len(json.loads(said("runs", "--pipeline", "ape", "--json"))) == 4


def test_a_run_is_listed_with_its_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path))
    scores = {"initial": {"score": 0.5}, "best": {"score": 0.55}}
    written_run(tmp_path / "20261109-100000-ape-t-0", report={"test": scores, "verdict": {"kind": "not shown"}})
    assert "0.500    0.550  not shown" in said("runs")


@pytest.mark.parametrize("words", [("runs", "--state", "tired"), ("runs", "--sort", "colour")])
def test_a_word_that_is_no_state_or_order_is_one_error(words: tuple[str, ...]) -> None:
    assert "there is no" in refused(*words).problem


def test_without_runs_the_list_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path / "none"))
    assert said("runs") == f"no runs in {tmp_path / 'none'}\n" and said("runs", "--json") == "[]\n"
    assert "there are no runs" in refused("show", "last").hint or "pipelines" in refused("show", "last").hint


def test_show_prints_the_report_of_a_run_and_a_pipeline_as_before(finished: Path) -> None:
    shown = said("show", finished.name[:20])
    assert "protegi on planted" in shown and "held-out" in shown and "Write the label of the parcel." in shown
    assert said("show", "ape").startswith("# ") or "promptwire: 1" in said("show", "ape")
    assert json.loads(said("show", "last", "--json"))["state"] == {"kind": "finished", "why": ""}
    assert isinstance(refused("show", "protegy"), UsageError) and "'protegi'" in refused("show", "protegy").hint
    assert "not a pipeline" in refused("show", "ape", "--expanded", "--json").problem


def test_a_run_at_work_and_one_that_failed_are_shown_as_what_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path))
    folder = written_run(
        tmp_path / "20261101-100000-ape-sums-0", best={"prompt": "Add them.", "initial_prompt": "Add."}, values=[]
    )
    with (
        pytest.raises(RunError),
        recorded_state(folder, {"pipeline": "ape", "task": "sums", "seed": 3, "models": {"task": "m"}}),
    ):
        assert "at work: process" in said("show", "last") and "at work" in said("runs")
        assert "Add them." in said("show", "last")
        now = CliRunner().invoke(app, ["watch", "--once"])
        assert "ape on sums" in now.stderr and "0 new calls" in now.stderr and now.stdout == ""
        raise RunError("the disk is full")
    shown = said("show", "last")
    assert "failed: the disk is full" in shown and "ape on sums   m, seed 3" in shown and "goes on from the cache" in shown
    assert "failed" in said("runs", "--state", "failed")
    assert "rows come at the end" in refused("rows", "last").hint


@pytest.mark.parametrize(
    ("cache", "words"),
    [
        ("use", "goes on from the cache"),
        ("off", "begins anew"),
        ("refresh", "with --cache use"),
        ("", "goes on from the cache"),
    ],
)
def test_a_run_that_died_tells_what_it_reached_and_how_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str, words: str
) -> None:
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path))
    request = {"event": "request", "path": "s", "tokens_in": 5, "tokens_out": 2, "usd": 0.25}
    leader = {"event": "leader", "metric": "exact", "prompt": "Add them.", "score": 0.5, "examples": 8}
    calls = [{"path": "s", "new": True}, {"path": "s", "new": False, "t": 9.5}]
    state = {"pipeline": "ape", "task": "sums", "cache": cache}
    written_run(tmp_path / "20261101-100000-ape-sums-0", state=state, events=[request, leader], calls=calls, values=[])
    shown = said("show", "last")
    assert "Add them.   0.500 on 8 examples of the search" in shown and words in shown
    assert "1 new calls, 1 from cache   $0.2500   9.5 s" in shown
    assert json.loads(said("show", "last", "--json"))["leader"] == {"prompt": "Add them.", "score": 0.5, "n": 8}
    assert said("runs").splitlines()[1].split()[-4:] == ["1", "$0.2500", "9.5", "s"]


def test_rows_are_chosen_by_change_and_written_in_three_forms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path))
    written_run(tmp_path / "20261101-100000-ape-sums-0", values=[comparison([(0, 1), (1, 0), (1, 1), (0, 1)])])
    table = said("rows", "last")
    assert "4 examples: 2 fixed, 1 broken, 1 as before" in table and table.count("question") == 4
    assert said("rows", "last", "broken").count("question") == 1
    lines = [json.loads(line) for line in said("rows", "last", "fixed", "--format", "jsonl").splitlines()]
    assert [(line["input"], line["initial_value"], line["best_answer"]) for line in lines] == [
        ("question 0", 0, "0"), ("question 3", 0, "3"),
    ]  # fmt: skip
    target = tmp_path / "rows.csv"
    said("rows", "last", "--format", "csv", "-o", str(target))
    assert target.read_text().startswith('"example","change"') and len(target.read_text().splitlines()) == 5
    assert "csv or jsonl" in refused("rows", "last", "-o", "x").problem
    assert "no train rows" in refused("rows", "last", "--split", "train").problem


def test_asked_lists_steps_and_shows_requests_with_what_was_read(finished: Path) -> None:
    assert EDITS in said("asked", "last")
    shown = said("asked", "last", EDITS, "--round", "1", "-n", "1")
    for part in (
        f"1 of 4   {EDITS}, round 1",
        "--- user",
        "--- reply, sample 0, new",
        "--- read as 1 answer",
        "3 more requests",
    ):
        assert part in shown
    assert len(json.loads(said("asked", "last", EDITS, "--round", "1", "--json"))) == 4
    assert "no such requests" in said("asked", "last", EDITS, "--unreadable")
    wrong = refused("asked", "last", EDITS, "--round", "9")
    assert (wrong.problem, wrong.hint) == (f"{EDITS} asked nothing in round '9'", "it asked in the rounds 1, 2")
    assert "in no loop" in refused("asked", "last", "report", "--round", "1").hint


def test_rows_with_several_answers_show_each_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "120")
    line = comparison([(0, 0.5)])
    answers = [{"output": "x", "answer": "no", "value": 0.0}, {"output": "y", "answer": "yes", "value": 1.0}]
    line["outputs"]["scores"]["rows"][1]["repeats"] = [*answers, {"output": "?", "value": 0.0, "readable": False}]
    written_run(tmp_path / "20261101-100000-ape-sums-0", values=[line])
    assert "0.5  no | yes | (unreadable)" in said("rows", "last")


def test_asked_says_how_many_replies_the_cache_still_holds(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(finished.parent.parent / "cache"))
    kept = said("asked", "last", "search.select", "-n", "1").splitlines()[-1]
    bare = kept.split()[1]
    assert kept.endswith(f"the cache holds the replies to {bare}")
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "other"))
    assert said("asked", "last", "search.select", "-n", "1").splitlines()[-1].endswith("the cache holds the replies to 0")
    assert "steps" in refused("asked", "last", "nothing.like.it").hint


def test_text_of_a_model_reaches_no_terminal_as_a_control_sequence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path))
    evil = "\x1b]0;owned\x07[red]x[/red]\u202e"
    asked = {"path": "s", "messages": [["user", evil]], "replies": [{"text": evil, "answers": [evil]}], "template": evil}
    values = [comparison([(0, 1)], initial=evil, best=evil + "y")]
    state = {"pipeline": evil, "task": evil, "models": {"task": evil}, "began": 1.0, "error": evil, "ended": 2.0}
    folder = written_run(tmp_path / "20261101-100000-a", asked=[asked], values=values, state=state, calls=[])
    written_run(tmp_path / "20261102-100000-b", report={"prompt": evil, "pipeline": evil})
    for words in (
        ["runs"],
        ["show", folder.name],
        ["rows", folder.name],
        ["asked", folder.name, "s"],
        ["diff", folder.name, "last"],
    ):
        shown = said(*words)
        assert "\x1b" not in shown and "\x07" not in shown and "\u202e" not in shown
    assert "[red]x[/red]" in said("asked", folder.name, "s")


def test_diff_names_settings_words_scores_and_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path))
    for day, seed, best, value in ((1, 0, "Name the colour.", 0), (2, 1, "Name the size.", 1)):
        state = {"pipeline": "ape", "task": "sums", "seed": seed, "metric": "exact"}
        written_run(tmp_path / f"2026110{day}-100000-x", state=state, values=[comparison([(0, value)] * 40, best=best)])
    shown = said("diff", "20261101", "last")
    for part in (
        "seed  0  1",
        "Name the [-colour-]{+size+}.",
        "A 0.000, B 1.000",
        "B is better: +1.000",
        "40 better in B",
        "new calls",
    ):
        assert part in shown


def test_watch_ends_with_the_run_and_shows_its_report(finished: Path) -> None:
    assert "protegi on planted" in said("watch") and "held-out" in said("watch", "last")
    last = json.loads(said("watch", "last", "--json").splitlines()[-1])
    assert last["event"] == "state" and last["state"]["kind"] == "finished"
