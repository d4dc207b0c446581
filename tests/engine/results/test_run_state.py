"""The state of a run: what its record, its lock and its machine tell."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from promptwire.errors import LimitReached, RunError
from promptwire.results.run_state import STATE, RunState, read_record, recorded_state, state_of

_HOLD = """
import sys, time
from pathlib import Path
from promptwire.results.run_state import recorded_state
with recorded_state(Path(sys.argv[1]), {"pipeline": "ape"}):
    print("begun", flush=True)
    time.sleep(600)
"""


def state(folder: Path) -> tuple[str, str]:
    found = state_of(folder, read_record(folder), None)
    return found.kind, found.why


def changed(folder: Path, **fields: object) -> None:
    path = folder / STATE
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def test_a_run_of_another_process_is_at_work_until_it_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as worker:
        try:
            assert worker.stdout is not None and worker.stdout.readline() == "begun\n"
            assert state(tmp_path) == ("at work", f"process {worker.pid}")
        finally:
            worker.kill()
    assert state(tmp_path) == ("died", f"process {worker.pid} is gone, and it recorded no end")


def test_a_run_that_begins_is_never_seen_without_its_lock(tmp_path: Path) -> None:
    with recorded_state(tmp_path, {}):
        assert state(tmp_path)[0] == "at work"
        assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("error", "kind", "why"),
    [
        (RunError("the disk is full"), "failed", "the disk is full"),
        (LimitReached("out of calls", hint="more"), "failed", "out of calls\n  more"),
        (ZeroDivisionError("1/0"), "failed", "ZeroDivisionError: 1/0"),
        (KeyboardInterrupt(), "stopped", "it was interrupted or cancelled before it had a report"),
        (asyncio.CancelledError(), "stopped", "it was interrupted or cancelled before it had a report"),
    ],
)
def test_an_end_is_recorded_with_its_reason(tmp_path: Path, error: BaseException, kind: str, why: str) -> None:
    with pytest.raises(type(error)), recorded_state(tmp_path, {}):
        raise error
    assert state(tmp_path) == (kind, why)
    assert (read_record(tmp_path) or {})["ended"] <= round(time.time(), 3)


def test_a_report_that_is_gone_is_told_from_a_failure(tmp_path: Path) -> None:
    with recorded_state(tmp_path, {}):
        pass
    assert state(tmp_path) == ("unknown", "it finished, but its report is gone or can't be read")


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (RunState("finished"), "finished"),
        (RunState("cut short", "the limit of 9 calls is reached"), "was cut short: the limit of 9 calls is reached"),
        (RunState("at work", "process 7"), "is at work: process 7"),
        (RunState("failed", "the disk is full"), "failed: the disk is full"),
        (RunState("stopped", "it was interrupted"), "was stopped: it was interrupted"),
        (RunState("died", "process 7 is gone"), "died: process 7 is gone"),
        (RunState("unknown", "no locks in this folder"), "is in an unknown state: no locks in this folder"),
    ],
)
def test_each_state_is_a_sentence_about_the_run(found: RunState, sentence: str) -> None:
    assert found.sentence == sentence


def test_a_folder_that_was_removed_is_not_made_again_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with recorded_state(folder, {}):
        (folder / STATE).unlink()
        folder.rmdir()
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="can't be written"), recorded_state(tmp_path / "none", {}):
        pass


@pytest.mark.parametrize(
    ("fields", "kind", "word"),
    [
        ({"host": "elsewhere", "boot": "other"}, "unknown", "began on elsewhere"),
        ({"boot": "an earlier start"}, "died", "restarted"),
        ({"host": "a container of this machine"}, "died", "is gone"),
    ],
)
def test_a_run_without_lock_is_told_by_its_machine(tmp_path: Path, fields: dict[str, str], kind: str, word: str) -> None:
    with recorded_state(tmp_path, {}):
        pass
    changed(tmp_path, ended=None, how=None, **fields)
    found = state(tmp_path)
    assert found[0] == kind and word in found[1]


@pytest.mark.parametrize("damage", ["", "{", "[]", "\x00" * 10])
def test_a_damaged_or_missing_record_is_no_error(tmp_path: Path, damage: str) -> None:
    (tmp_path / STATE).write_text(damage)
    assert state(tmp_path)[0] == "unknown"


def test_a_report_decides_and_a_limit_is_named(tmp_path: Path) -> None:
    assert state_of(tmp_path, None, {"limit": None}).kind == "finished"
    found = state_of(tmp_path, {"how": "finished"}, {"limit": "the limit of 9 calls is used up"})
    assert (found.kind, found.why) == ("cut short", "the limit of 9 calls is used up")


def test_a_secret_of_the_environment_is_not_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-very-secret-key-of-mine")
    with pytest.raises(RunError), recorded_state(tmp_path, {"task": "sk-a-very-secret-key-of-mine"}):
        raise RunError("no sk-a-very-secret-key-of-mine")
    assert "secret-key" not in (tmp_path / STATE).read_text()
