"""A packed cell is the same cell in another folder, with only the files that came along; what can't travel is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import PromptwireError, RunError, UsageError
from promptwire.options import Options
from promptwire.security.access_log import FileAccessLog
from promptwire.sweeps.cell_keys import CellKeys
from promptwire.sweeps.matrix import Block, Cell, make_matrix, parse_row
from promptwire.sweeps.packing import Packer
from promptwire.sweeps.parcel import read_parcel, write_text
from promptwire.sweeps.unpacking import unpack
from promptwire.tasks.given_task import make_task
from tests.engine.sweeps.sample_cells import mood_cells, mood_options, write_project

PIPELINE = """promptwire: 1
pipeline: mine
inputs: {seed: prompts}
steps:
  more: {node: write, template: ./texts/again.j2, of: $seed, n: 1}
outputs: {best: $more}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's working folder, with the task `mood`."""
    write_project(tmp_path / "user" / "home")
    monkeypatch.chdir(tmp_path / "user" / "home")
    return tmp_path / "user" / "home"


def key_there(cell: Cell, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The key that a worker computes for `cell`, which opens only what came along."""
    made = unpack(read_parcel(write_text(Packer().pack(cell))), elsewhere)
    with monkeypatch.context() as patch:
        patch.chdir(made.working)
        patch.setenv("PROMPTWIRE_ALLOW", str(made.files))
        with FileAccessLog(made.allowed).recording():
            one = made.cell
            key = CellKeys().key(one.pipeline, one.task, one.options)
            return Block(one.row, one.task, one.pipeline, one.options).cell(one.seed, key).key


def test_a_cell_has_the_same_key_elsewhere(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, cell in enumerate(mood_cells(mood_options())):
        assert key_there(cell, tmp_path / f"worker {number}", monkeypatch) == cell.key


def test_files_beside_and_above_the_working_folder_travel(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = home.parent / "ask.j2"
    template.write_text("{{ prompt }}\nInput: {{ input }}\nAnswer:")
    task = {**mood_options().task, "template": str(template)}
    options = mood_options(task=task)
    (cell,) = make_matrix([parse_row("random-search")], [str(home / "mood")], [2], options)
    parcel = Packer().pack(cell)
    assert {"ask.j2", "home/rules.yaml", "home/mood/train.jsonl"} <= parcel.files.keys()
    assert (parcel.working, parcel.task) == ("home", "mood")
    assert key_there(cell, tmp_path / "worker", monkeypatch) == cell.key


def test_cells_that_differ_in_their_seed_share_their_files(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _, second, _ = mood_cells(mood_options())
    packer = Packer()
    one = packer.pack(first)
    (home / "mood" / "train.jsonl").unlink()  # it is not read again
    two = packer.pack(second)
    assert one.files == two.files and (two.key, two.options.seed) == (second.key, 1)
    assert packer.kind(first) == packer.kind(second) != packer.kind(replace(first, row="other"))


def test_a_file_that_is_no_text_travels(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "latin.csv").write_bytes("input,output\ncaf\xe9,good\ngut,good\nschlecht,bad\nbad,bad\n".encode("latin-1"))
    (home / "tasks").mkdir()
    (home / "tasks" / "latin.yaml").write_text(
        "promptwire: 1\nprompt: x\nmetric: exact\ndata: {train: latin.csv, encoding: latin-1}\n"
    )
    (home / "latin.csv").replace(home / "tasks" / "latin.csv")
    (cell,) = make_matrix([parse_row("random-search")], ["tasks/../tasks/latin.yaml"], [0], mood_options(task={}))
    parcel = Packer().pack(cell)
    assert list(parcel.binary) == ["tasks/latin.csv"]
    assert key_there(cell, tmp_path / "worker", monkeypatch) == cell.key


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"api_bases": {"task": "http://me:secret-word@host/v1"}}, "set PROMPTWIRE_TASK_API_BASE in the environment"),
        ({"api_bases": {"meta": "http://host/v1?api_key=abcdefgh12345"}}, "set PROMPTWIRE_META_API_BASE in the environment"),
        ({"task": {"prompt": "the-password-of-me", "metric": "exact"}}, "the options: a parcel would contain a secret"),
        ({"task": {"prompt": "x", "metric": lambda answer: 1.0}}, "what only this process has"),
    ],
)
def test_what_must_not_travel_is_refused_without_being_shown(
    options: dict[str, Any], said: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cell, *_) = mood_cells(mood_options())
    whole = mood_options()
    bad = whole.model_copy(update={**options, "task": {**whole.task, **options.get("task", {})}})
    if "api_bases" in options:
        bad = bad.model_copy(update={"models": {"task": "some-model", "meta": "other-model"}})
    monkeypatch.setenv("MY_PASSWORD", "the-password-of-me")
    Packer().pack(cell)
    with pytest.raises(PromptwireError) as error:
        Packer().pack(replace(cell, options=bad))
    assert said in str(error.value)
    assert not any(word in str(error.value) for word in ("secret-word", "abcdefgh12345", "the-password-of-me"))


def test_a_task_given_in_python_is_refused(home: Path) -> None:
    (cell, *_) = mood_cells(mood_options())
    given = make_task([("good", "positive"), ("bad", "negative")] * 4, prompt="Classify.", metric="exact")
    with pytest.raises(UsageError, match="was given in Python"):
        Packer().pack(replace(cell, task=given))


def test_a_file_with_a_secret_of_the_environment_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cell, *_) = mood_cells(mood_options())
    monkeypatch.setenv("MY_API_KEY", "How does it feel?")
    with pytest.raises(UsageError, match=r"rules\.yaml: a parcel would contain a secret"):
        Packer().pack(cell)


def test_the_address_of_a_shared_cache_stays_here(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cell, *_) = mood_cells(mood_options(cache_url="redis://:some-password@127.0.0.1:1/0"))
    text = write_text(Packer().pack(cell))
    assert "some-password" not in text and "redis" not in text


def test_a_worker_with_another_shipped_file_is_an_error(home: Path, tmp_path: Path) -> None:
    (cell, *_) = mood_cells(mood_options())
    parcel = Packer().pack(cell)
    name = next(iter(parcel.shipped))
    other = parcel.model_copy(update={"shipped": {**parcel.shipped, name: "0" * 64}})
    unpack(parcel, tmp_path / "one")
    with pytest.raises(RunError, match="differs from that of the sweep"):
        unpack(other, tmp_path / "two")
    assert isinstance(cell.options, Options)
