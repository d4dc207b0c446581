"""Limits of all cells of a sweep: exact, gone on with, and the same in memory and on a Redis server."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import LimitReached, UsageError
from promptwire.gateway.idle_loop import run_loop
from promptwire.gateway.limit_wave import NOTHING, Amount, Caps
from promptwire.gateway.shared_budget import SharedBudget
from promptwire.limits import SharedLimits
from promptwire.options import runs_folder
from promptwire.shared.redis_server import RedisServer
from promptwire.shared.shared_limits import RedisLimits
from promptwire.sweeps.cells import done_cells
from promptwire.sweeps.common_limits import CommonLimits, SpentFile, read_spent
from promptwire.sweeps.execution import run_sweep, to_run
from promptwire.sweeps.places import find_runner
from promptwire.sweeps.runner import CellEnd, RunnerNote
from promptwire.sweeps.sweep_account import SweepAccount
from promptwire.sweeps.sweep_file import read_sweep
from promptwire.sweeps.sweep_log import SweepLog, SweepSpent
from tests.engine.sweeps.study import SWEEP, make_study
from tests.redis_process import RedisProcess


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def swept(limit: int | None, *, on: str = "here", url: str = "") -> dict[str, CellEnd]:
    """Run the study with a limit on the calls of all cells together."""
    text = SWEEP if limit is None else f"{SWEEP}limits: {{all: {{calls: {limit}}}}}\n"
    sweep = read_sweep(make_study(Path(), text), cache_url=url)
    log = SweepLog(sweep.name)
    missing = to_run(sweep.cells, log.standings(sweep.cells))
    with log.writing():
        return run_loop(run_sweep(missing, find_runner(on, sweep), log, tell=lambda event: None))


def reports() -> dict[str, Any]:
    """The reports of the cells that are done, without what depends on the clock and the cache."""
    found = {key: json.loads((folder / "report.json").read_text()) for key, folder in done_cells(runs_folder()).items()}
    for report in found.values():
        for name in ("run", "seconds", "calls", "requests", "tokens_in", "tokens_out", "cost_usd"):
            del report[name]
    return found


def paid(ends: dict[str, CellEnd]) -> int:
    return sum(end.calls for end in ends.values())


@pytest.fixture(scope="module")
def unlimited(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any]]:
    """Calls and reports of the study without a limit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("unlimited"))
        return paid(swept(None)), reports()


@pytest.mark.parametrize("on", ["here", "here:4"])
@pytest.mark.parametrize("kept", ["memory", "redis"])
def test_a_limit_of_all_cells_is_never_exceeded_and_a_higher_one_goes_on_from_the_cache(
    on: str, kept: str, unlimited: tuple[int, dict[str, Any]], request: pytest.FixtureRequest
) -> None:
    calls, expected = unlimited
    url = request.getfixturevalue("redis_server").url if kept == "redis" else ""
    some = swept(calls - 30, on=on, url=url)
    assert {end.state for end in some.values()} <= {"finished", "stopped"} and paid(some) <= calls - 30
    stopped = [end for end in some.values() if end.state == "stopped"]
    assert stopped and all(f"the sweep's limit of {calls - 30} calls is reached" in end.why for end in stopped)
    assert len(done_cells(runs_folder())) == len(some) - len(stopped)
    assert paid(swept(calls - 30, on=on, url=url)) <= calls - 30 - paid(some), "what was spent stays counted"
    # A search that was cut short is compared too, and each of four runs at once keeps room for its comparison.
    last = swept(2 * calls + 4 * 24, on=on, url=url)
    assert {end.state for end in last.values()} == {"finished"}
    assert reports() == expected


def test_a_cell_that_has_begun_ends_with_its_comparison_and_one_that_has_no_room_for_it_is_not_started() -> None:
    ends = swept(60)
    begun = [end for end in ends.values() if end.calls or end.cached]
    assert begun and all(end.run is not None for end in begun)
    for end in begun:
        assert end.run is not None and json.loads((end.run / "report.json").read_text())["test"]["best"]["n"] == 12
    others = [end for end in ends.values() if end not in begun]
    assert others and all(end.run is None and "was not started" in end.why and end.state == "stopped" for end in others)
    assert len(list(runs_folder().glob("*-*"))) == len(begun), "no run folder is left of what was not started"


def test_what_a_killed_process_has_spent_is_in_a_file(tmp_path: Path) -> None:
    now = 0.0
    file = SpentFile(tmp_path, SweepSpent(5, 10, 0.5), clock=lambda: now)
    assert file.spent == Amount(5, 10, 500_000_000)
    file.keep(Amount(6, 20, 0))
    file.keep(Amount(7, 30, 0))
    assert read_spent(tmp_path / "spent.json") == Amount(6, 20, 0)
    now = 1.0
    file.keep(Amount(8, 40, 0))
    assert SpentFile(tmp_path, SweepSpent(7, 50, 0.0)).spent == Amount(8, 50, 0)


def test_workers_that_can_not_ask_one_another_have_parts_and_that_is_said_once() -> None:
    limits = "limits: {all: {calls: 1000, usd: 1.0, requests_per_minute: 100}}\n"
    account = SweepAccount.of(read_sweep(make_study(Path(), SWEEP + limits)))
    assert account is not None
    told: list[Any] = []
    part = account.for_cells(3, 2, told.append).limits
    assert (part.calls, part.usd, part.requests_per_minute) == (333, 1 / 3, 50)
    assert [type(event) for event in told] == [RunnerNote] and "calls 333, usd 0.333333" in told[0].text
    assert SweepAccount.of(read_sweep(make_study(Path(), SWEEP))) is None


async def test_a_worker_without_the_address_of_the_account_spends_nothing() -> None:
    common = CommonLimits(limits=SharedLimits(calls=1), sweep="s", on_server=True)
    with pytest.raises(UsageError, match="whose address this worker does not have"):
        async with common.account():
            pass


HOLDER = """
import asyncio, sys
from promptwire.gateway.shared_budget import SharedBudget
from promptwire.gateway.limit_wave import Caps
from promptwire.limits import SharedLimits
from promptwire.shared.redis_server import RedisServer
from promptwire.shared.shared_limits import RedisLimits

async def main():
    limits = SharedLimits(calls=10)
    store = RedisLimits(RedisServer(sys.argv[1]), "s", Caps.of(limits), patience=1.0)
    async with SharedBudget(store, limits) as shared:
        holds = shared.holds(6, 0)
        for hold in holds:
            hold.want()
        await holds[0].granted()
        holds[0].settle(1, 0.0)
        await shared.start(1, 0)
        print("holds", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_the_reservations_of_a_killed_holder_come_back_and_what_it_paid_stays(redis_server: RedisProcess) -> None:
    limits, server = SharedLimits(calls=10), RedisServer(redis_server.url)
    store = RedisLimits(server, "s", Caps.of(limits), already=NOTHING, patience=1.0)
    async with SharedBudget(store, limits) as shared:
        holder = subprocess.Popen([sys.executable, "-c", textwrap.dedent(HOLDER), redis_server.url], stdout=subprocess.PIPE)
        assert holder.stdout is not None and holder.stdout.readline() == b"holds\n"
        holder.kill()
        holder.wait()
        holder.stdout.close()
        await shared.start(9, 0)
        shared.release()
        holds = shared.holds(10, 0)
        for hold in holds[:9]:
            hold.want()
            await hold.granted()
            hold.settle(1, 0.0)
        holds[9].want()
        with pytest.raises(LimitReached, match="limit of 10 calls"):
            await holds[9].granted()
    await server.close()
