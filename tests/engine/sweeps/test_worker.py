"""A worker runs a parcel in a process of its own: the run folder that comes back is that of a run here."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promptwire.gateway.idle_loop import run_loop
from promptwire.registry import plugins
from promptwire.sweeps import worker
from promptwire.sweeps.in_process import InProcess
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.packing import Packer
from promptwire.sweeps.parcel import Returned, read_returned, write_text
from promptwire.sweeps.receiving import keep_returned
from promptwire.sweeps.runner import CellEnd
from tests.engine.sweeps.sample_cells import mood_cells, mood_options, results_in, write_project

pytestmark = pytest.mark.heavy
"""Each test starts the process of a worker."""


class FakeTask:
    """Stands in for a task of Dask: the worker's code asks it only what is here."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.wanted = True
        self.where = "worker 1"

    def tell(self, topic: str, message: dict[str, Any]) -> None:
        self.told.append({"topic": topic, **message})


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTask:
    """A task of a worker whose working folder is that of the user, with caches and processes of its own."""
    write_project(tmp_path / "home")
    monkeypatch.chdir(tmp_path / "home")
    fake = FakeTask()
    monkeypatch.setattr(worker, "running_task", lambda: fake)
    pool = worker.Pool()
    monkeypatch.setattr(worker, "_POOL", pool)
    yield fake
    pool.close()


def in_process(cell: Cell, monkeypatch: pytest.MonkeyPatch, runs: Path) -> Path:
    """The run folder of a cell that runs in this process, with an empty cache."""
    ends: list[Any] = []
    with monkeypatch.context() as patch:
        patch.setenv("PROMPTWIRE_RUNS", str(runs))
        patch.setenv("PROMPTWIRE_CACHE", str(runs / "cache"))
        run_loop(InProcess().run([cell], tell=ends.append))
    (end,) = [event for event in ends if isinstance(event, CellEnd)]
    assert end.run is not None
    return end.run


def on_worker(cell: Cell, monkeypatch: pytest.MonkeyPatch, cache: Path) -> Returned:
    """What comes back of a cell that a worker runs, with its own cache."""
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(cache))
    return read_returned(worker.run_parcel(write_text(Packer().pack(cell)), "topic"), cell.key)


def test_a_worker_returns_the_run_folder_of_one_process(
    task: FakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = mood_cells(mood_options())[1]
    packer = Packer()
    here = in_process(cell, monkeypatch, tmp_path / "runs-here")
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(tmp_path / "worker cache"))
    returned = read_returned(worker.run_parcel(write_text(parcel := packer.pack(cell)), "topic"), cell.key)
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path / "runs-there"))
    there = keep_returned(cell, parcel, returned)
    assert there is not None
    assert results_in(there) == results_in(here)
    assert (returned.state, returned.calls > 0) == ("finished", True)
    assert task.told[0] == {"topic": "topic", "kind": "start", "key": cell.key, "where": "worker 1"}
    assert sorted(path.name for path in (tmp_path / "runs-there").iterdir()) == [there.name]


def test_a_cell_whose_run_fails_returns_its_error(task: FakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = mood_cells(mood_options(limits={"calls": 0}))[0]
    returned = on_worker(cell, monkeypatch, tmp_path / "cache")
    assert returned.state == "failed" and "nothing could be scored" in returned.why
    assert "state.json" in returned.files and "report.json" not in returned.files


def test_a_cell_that_is_not_wanted_any_more_is_stopped(task: FakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task.wanted = False
    monkeypatch.setattr(worker, "_TICK", 0.001)
    assert on_worker(mood_cells(mood_options())[0], monkeypatch, tmp_path / "cache").state == "stopped"


def test_a_process_that_dies_fails_its_cell_and_the_next_cell_has_a_new_one(
    task: FakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fatal_ideas.py").write_text("import os\nprint('last words', flush=True)\nos._exit(3)\n")
    cell = mood_cells(mood_options())[0]
    returned = on_worker(replace(cell, plugins=(str(tmp_path / "fatal_ideas.py"),)), monkeypatch, tmp_path / "cache")
    assert returned.state == "failed" and "ended with code 3: last words" in returned.why
    assert on_worker(cell, monkeypatch, tmp_path / "cache").state == "finished"


def test_a_plugin_that_fails_on_a_worker_is_one_error(task: FakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_ideas.py").write_text("import not_there\n")
    cell = replace(mood_cells(mood_options())[0], plugins=(str(tmp_path / "my_ideas.py"),))
    returned = on_worker(cell, monkeypatch, tmp_path / "cache")
    assert returned.state == "failed" and "No module named 'not_there'" in returned.why


METRIC = """
from promptwire.authoring import metric


@metric()
def mine(answer: str, outputs: tuple[str, ...]) -> float:
    return {value} if answer in outputs else 0.0
"""


def test_plugin_files_travel_and_each_sweep_has_its_own(
    task: FakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two versions of one plug-in file, one after the other, on a worker that stays."""
    scores = []
    for value in ("1.0", "0.5"):
        folder = tmp_path / value
        folder.mkdir()
        (folder / "travelling_ideas.py").write_text(METRIC.format(value=value))
        monkeypatch.setattr(plugins, "_FILES", {})
        name = plugins.load_plugin(folder / "travelling_ideas.py")
        options = mood_options(task={"prompt": "How does it feel?", "metric": f"{name}:mine"})
        (cell,) = mood_cells(options, rows=[ROW], seeds=[0])
        packer = Packer()
        returned = read_returned(worker.run_parcel(write_text(parcel := packer.pack(cell)), "topic"), cell.key)
        assert returned.state == "finished", returned.why
        monkeypatch.setenv("PROMPTWIRE_RUNS", str(tmp_path / "runs"))
        scores.append(str(keep_returned(cell, parcel, returned)))
    assert len(set(scores)) == 2


ROW = "random-search -p n=1 -p pulls=12"


def test_the_processes_end_with_the_worker(task: FakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = worker._POOL.take({})
    assert child.alive
    child.close()
    child.join(60)
    assert not child.alive and not child._folder.exists()


def test_a_key_that_differs_on_the_worker_is_an_error_before_a_call(
    task: FakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = replace(mood_cells(mood_options())[0], key="0" * 24)
    returned = on_worker(cell, monkeypatch, tmp_path / "cache")
    assert returned.state == "failed" and "would run another cell" in returned.why
    assert returned.calls == 0 and not returned.files


def test_another_version_of_promptwire_is_an_error(task: FakeTask, tmp_path: Path) -> None:
    parcel = Packer().pack(mood_cells(mood_options())[0]).model_copy(update={"version": "0.0.1"})
    returned = read_returned(worker.run_parcel(write_text(parcel), "topic"), parcel.key)
    assert returned.state == "failed" and "the sweep has 0.0.1" in returned.why and not task.told


def test_a_process_stopped_by_a_signal_says_so(task: FakeTask) -> None:
    child = worker._POOL.take({})
    os.kill(child.pid, signal.SIGKILL)
    child.join(60)
    with pytest.raises(Exception, match="ended by signal 9"):
        while True:
            child.next_event(0.1)
    child.close()
