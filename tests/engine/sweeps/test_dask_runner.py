"""Cells run on a real Dask: the same results as in one process; lost workers, a lost scheduler and stops leave whole folders."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from cluster_parts import Parts, Scheduler

from promptwire.errors import ClusterError
from promptwire.gateway.idle_loop import run_loop
from promptwire.results.run_list import run_folders
from promptwire.sweeps import dask_runner
from promptwire.sweeps.cells import done_cells
from promptwire.sweeps.dask_runner import OnDask
from promptwire.sweeps.execution import run_sweep
from promptwire.sweeps.in_process import InProcess
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.places import find_runner
from promptwire.sweeps.runner import CellEnd, CellEvent, CellStart, Runner, RunnerNote
from promptwire.sweeps.sweep_file import read_sweep
from promptwire.sweeps.sweep_log import SweepLog
from tests.engine.sweeps.sample_cells import mood_cells, mood_options, results_in, write_project
from tests.engine.sweeps.study import SWEEP, make_study

pytestmark = [
    pytest.mark.heavy(seconds=5),
    pytest.mark.skipif(not find_spec("distributed") and os.environ.get("CI") != "true", reason="Dask is not installed"),
    # What Dask leaves to the garbage collector when a scheduler or a worker is killed is not ours.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

SLOW = """
import time
from pathlib import Path

from promptwire.authoring import metric


@metric()
def slow(answer: str, outputs: tuple[str, ...]) -> float:
    time.sleep(0.02 if Path({switch!r}).exists() else 0)
    return 1.0 if answer in outputs else 0.0
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's working folder, with the task `mood`."""
    write_project(tmp_path / "home")
    monkeypatch.chdir(tmp_path / "home")
    use(monkeypatch, tmp_path / "mine")
    return tmp_path / "home"


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    """Starts a scheduler and workers, and ends them."""
    with Parts(tmp_path / "parts") as started:
        yield started


def use(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Use a new cache and runs folder; return that of the runs."""
    monkeypatch.setenv("PROMPTWIRE_CACHE", str(folder / "cache"))
    monkeypatch.setenv("PROMPTWIRE_RUNS", str(folder / "runs"))
    return folder / "runs"


def slow_cells(home: Path, seeds: Sequence[int] = (0, 1, 2, 3)) -> tuple[Cell, ...]:
    """Cells that take some seconds while the file `switch` exists."""
    from promptwire.registry import plugins

    (home / "slow_ideas.py").write_text(SLOW.format(switch=str(home / "switch")))
    (home / "switch").touch()
    plugins._FILES.pop("slow-ideas", None)
    plugins.load_plugin(home / "slow_ideas.py")
    options = mood_options(task={"prompt": "How does it feel?", "metric": "slow-ideas:slow"})
    return mood_cells(options, rows=["random-search -p n=2 -p pulls=60"], seeds=seeds)


async def work(runner: Runner, cells: Sequence[Cell], tell: Callable[[CellEvent], None]) -> None:
    try:
        await runner.prepare(cells)
        await runner.run(cells, tell=tell)
    finally:
        await runner.close()


def run(runner: Runner, cells: Sequence[Cell]) -> list[CellEvent]:
    """All events of the cells."""
    events: list[CellEvent] = []
    run_loop(work(runner, cells, events.append))
    return events


def ends(events: Sequence[CellEvent]) -> dict[str, CellEnd]:
    found = [event for event in events if isinstance(event, CellEnd)]
    assert len({end.key for end in found}) == len(found)
    return {end.key: end for end in found}


def test_two_workers_give_the_run_folders_of_one_process(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cell with a cache of its own, so that what is cached does not depend on which cell was first."""
    cells = mood_cells(mood_options(cache="off"))
    here = ends(run(InProcess(), cells))
    runs = use(monkeypatch, tmp_path / "there")
    there = ends(run(OnDask("local:2"), cells))
    assert here.keys() == there.keys() and len(here) == 4
    for key, end in there.items():
        assert end.run is not None and here[key].run is not None
        assert results_in(end.run) == results_in(here[key].run)  # type: ignore[arg-type]
        assert (end.state, end.calls) == ("finished", here[key].calls)
    assert done_cells(runs).keys() == here.keys()
    assert sorted(path.name for path in runs.iterdir()) == sorted(path.name for path in done_cells(runs).values())


def workers(parts: Parts, scheduler: Scheduler, *resources: str) -> list[Any]:
    return parts.workers(scheduler, [f"worker-{number}" for number in range(len(resources))], resources=resources)


def test_the_cells_of_a_killed_worker_run_again_elsewhere(home: Path, parts: Parts) -> None:
    scheduler = parts.scheduler()
    processes = dict(zip(("worker-0", "worker-1"), workers(parts, scheduler, "", ""), strict=True))
    events: list[CellEvent] = []

    def tell(event: CellEvent) -> None:
        events.append(event)
        if isinstance(event, CellStart) and event.where in processes and len(processes) == 2:
            processes.pop(event.where).kill()
        if isinstance(event, RunnerNote):
            (home / "switch").unlink(missing_ok=True)

    cells = slow_cells(home, seeds=(0, 1))
    run_loop(work(OnDask(str(scheduler.file)), cells, tell))
    assert {end.state for end in ends(events).values()} == {"finished"} and len(ends(events)) == 2
    assert {end.where for end in ends(events).values()} == set(processes)
    assert [event for event in events if isinstance(event, RunnerNote) and "was started again" in event.text]


def test_a_lost_scheduler_is_one_error_and_the_same_cells_go_on(home: Path, parts: Parts, tmp_path: Path) -> None:
    scheduler = parts.scheduler()
    workers(parts, scheduler, "")
    cells, events = slow_cells(home, seeds=(0, 1)), list[CellEvent]()

    def tell(event: CellEvent) -> None:
        events.append(event)
        if isinstance(event, CellStart):
            scheduler.kill()

    with pytest.raises(ClusterError, match="the connection to the scheduler was lost") as error:
        run_loop(work(OnDask(scheduler.address), cells, tell))
    assert "the same command goes on" in str(error.value)
    assert [end.state for end in ends(events).values()] == ["stopped"]
    assert not list((tmp_path / "mine" / "runs").glob("*"))
    (home / "switch").unlink()
    assert {end.state for end in ends(run(InProcess(), cells)).values()} == {"finished"}


def test_a_stop_ends_the_cells_on_the_workers_and_leaves_nothing_half_written(
    home: Path, parts: Parts, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    # A shell starts what it runs in the background deaf to Ctrl-C, and so these tests.
    request.addfinalizer(partial(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler)))
    scheduler = parts.scheduler()
    workers(parts, scheduler, "")
    cells, events = slow_cells(home, seeds=(0, 1, 2)), list[CellEvent]()

    def tell(event: CellEvent) -> None:
        events.append(event)
        if isinstance(event, CellStart):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_loop(work(OnDask(scheduler.address), cells, tell), leave=lambda: None)
    assert [end.state for end in ends(events).values()] == ["stopped"]
    assert run_folders(tmp_path / "mine" / "runs") == []
    (home / "switch").unlink()
    # The worker is free for other cells, and has kept what it paid for.
    again = ends(run(OnDask(scheduler.address), cells))
    assert {end.state for end in again.values()} == {"finished"}


def test_cells_that_take_a_resource_run_one_at_a_time_where_it_is_offered(
    home: Path, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker comes after the others, and the runner waits for it."""
    scheduler = parts.scheduler()
    parts.workers(scheduler, ["other"])
    parts.worker(scheduler, "worker-0", resources="gpu=1")
    cells = [replace(cell, resources={"gpu": 1}) for cell in mood_cells(mood_options())]
    events = run(OnDask(scheduler.address), cells)
    assert {end.where for end in ends(events).values()} == {"worker-0"}
    running = 0
    for event in events:
        running += isinstance(event, CellStart) - isinstance(event, CellEnd)
        # Its end is told when its folder is written here; the next one starts meanwhile.
        assert running <= 2
    monkeypatch.setattr(dask_runner, "_WAIT", 0.2)
    with pytest.raises(ClusterError, match="no worker offers the resources tpu=1"):
        run(OnDask(scheduler.address), [replace(cells[0], resources={"tpu": 1})])


def test_a_client_of_dask_stays_open(home: Path, parts: Parts) -> None:
    from distributed import Client

    scheduler = parts.scheduler()
    workers(parts, scheduler, "")
    with Client(scheduler.address) as client:
        assert {end.state for end in ends(run(OnDask(client), mood_cells(mood_options())[:1])).values()} == {"finished"}
        assert client.status == "running"


def test_a_worker_with_a_file_that_differs_is_one_error_before_a_call(
    home: Path, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler = parts.scheduler()
    workers(parts, scheduler, "")
    cell = replace(mood_cells(mood_options())[0], key="0" * 24)
    with pytest.raises(ClusterError, match="a worker can't run these cells: this worker would run another cell"):
        run(OnDask(scheduler.address), [cell])
    assert run_folders(tmp_path / "mine" / "runs") == []


def test_a_scheduler_without_workers_is_an_error(home: Path, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_runner, "_WAIT", 0.2)
    with pytest.raises(ClusterError, match="the scheduler has no workers"):
        run(OnDask(str(parts.scheduler().file)), mood_cells(mood_options()))


@pytest.mark.parametrize("shared", [False, True], ids=["parts", "server"])
def test_workers_hold_the_limits_of_all_cells(shared: bool, home: Path, request: pytest.FixtureRequest) -> None:
    """Without a server each cell has a part of it, and that is said. How many cells end is a matter of what comes first."""
    url = request.getfixturevalue("redis_server").url if shared else ""
    sweep = read_sweep(make_study(home / "study", f"{SWEEP}limits: {{all: {{calls: 60}}}}\n"), cache_url=url)
    events, log = list[CellEvent](), SweepLog(sweep.name)
    with log.writing():
        found = run_loop(run_sweep(sweep.cells, find_runner("local:2", sweep), log, tell=events.append))
    assert "PROMPTWIRE_CACHE_URL" not in os.environ, "the workers had it, and it is taken back"
    states = [end.state for end in found.values()]
    assert sum(end.calls for end in found.values()) <= 60 and states != ["finished"] * len(sweep.cells)
    said = " ".join(event.text for event in events if isinstance(event, RunnerNote))
    if shared:
        assert all("limit of 60 calls" in end.why for end in found.values() if end.state == "stopped")
        assert "stopped" in states and "part" not in said
    else:
        assert "each cell has a part (calls 15)" in said
    assert done_cells(home.parent / "mine" / "runs").keys() == {key for key, end in found.items() if end.has_result}


def test_a_stopped_sweep_cancels_before_it_began(home: Path, parts: Parts) -> None:
    """A stop while the runner prepares is a stop like any other."""
    scheduler = parts.scheduler()
    workers(parts, scheduler, "")

    async def stopped() -> None:
        task = asyncio.create_task(work(OnDask(scheduler.address), mood_cells(mood_options()), lambda event: None))
        await asyncio.sleep(0.2)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        run_loop(stopped())
