"""`promptwire.compare`: a table as a value, in a running loop too; what is there is not run again."""

from __future__ import annotations

from pathlib import Path

import pytest

import promptwire
from promptwire.errors import UsageError
from promptwire.planning.dry_run import NotApproved
from promptwire.sweeps.bound import Bound

OPTIONS = promptwire.Options(models={"task": "scripted:planted"})
ROWS = ["random-search -p n=1 -p pulls=12", "random-search -p n=2 -p pulls=12"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_comparison_is_a_table_and_its_runs_are_found_again() -> None:
    bounds: list[Bound] = []
    table = promptwire.compare(ROWS, "planted", OPTIONS, seeds=2, approve=bounds.append)
    assert isinstance(table, promptwire.ComparisonTable)
    assert table.rows[0] == "initial prompt" and len(table.cells) == 4 and len(table.curves) == 4
    assert [bound.cells for bound in bounds] == [4]
    assert promptwire.compare(ROWS, "planted", OPTIONS, seeds=(0, 1), approve=bounds.append) == table and len(bounds) == 1
    folders = [cell.run for cell in table.cells]
    assert {one.mean for one in promptwire.compare_runs(folders).estimates} == {one.mean for one in table.estimates}


async def test_in_a_running_loop_it_is_awaited_or_called() -> None:
    awaited = await promptwire.compare_async(ROWS[0], "planted", OPTIONS, seeds=1, baseline=False)
    assert promptwire.compare(ROWS[0], "planted", OPTIONS, seeds=1, baseline=False) == awaited


def test_tasks_may_be_values_and_a_refusal_runs_nothing(tmp_path: Path) -> None:
    rows = [(one.text, one.output) for one in promptwire.load_task("planted").train.items]
    task = promptwire.make_task(rows, prompt="Write the label of the parcel.", name="parcels")

    def refuse(bound: Bound) -> None:
        raise NotApproved(f"{bound.cells} runs are too many")

    with pytest.raises(NotApproved, match="1 runs are too many"):
        promptwire.compare(ROWS[0], task, OPTIONS, seeds=1, approve=refuse)
    assert not list(tmp_path.rglob("report.json"))
    assert promptwire.compare(ROWS[0], task, OPTIONS, seeds=1).tasks == ("parcels",)


def test_an_empty_comparison_is_an_error() -> None:
    with pytest.raises(UsageError, match="empty comparison"):
        promptwire.compare([], "planted", OPTIONS)
    with pytest.raises(UsageError, match="none of these folders is a run"):
        promptwire.compare_runs(["gone"])
