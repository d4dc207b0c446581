"""Workers that can't run the cells are one error that names them, before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import ClusterError
from promptwire.sweeps.fitness import check_resources, check_slots, check_workers
from promptwire.sweeps.matrix import Cell
from promptwire.sweeps.packing import Packer
from tests.engine.sweeps.sample_cells import mood_cells, mood_options, write_project

SAME = {"promptwire": "1.0", "Python": "3.12", "distributed": "2026.1", "redis": "5", "xllamacpp": None}


class FakeConnection:
    """Tells versions and facts of two workers in place of a cluster."""

    shown = "tcp://node:1"
    cluster = None

    def __init__(self, changes: Mapping[str, Any], facts: Mapping[str, Any], scheduler: Mapping[str, Any], slots: int) -> None:
        self._slots = slots
        self._versions = {
            "client": SAME,
            "scheduler": {**SAME, **scheduler},
            "tcp://a:1": SAME,
            "tcp://b:2": {**SAME, **changes},
        }
        self._facts = {"tcp://a:1": {"resources": {}, "cache": "x"}, "tcp://b:2": {"resources": {}, "cache": "x", **facts}}

    def versions(self, packages: list[str]) -> dict[str, Mapping[str, Any]]:
        assert packages[0] == "promptwire"
        return dict(self._versions)

    def slots(self) -> int:
        return self._slots

    def on_workers(self, function: Any) -> dict[str, Any]:
        return self._facts


@pytest.fixture
def cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cell:
    write_project(tmp_path / "home")
    monkeypatch.chdir(tmp_path / "home")
    return mood_cells(mood_options(cache_url="redis://:some-password@127.0.0.1:1/0"))[0]


def connected(
    facts: Mapping[str, Any],
    changes: Mapping[str, Any] | None = None,
    scheduler: Mapping[str, Any] | None = None,
    slots: int = 2,
) -> Any:
    return FakeConnection(changes or {}, facts, scheduler or {}, slots)


def check(cell: Cell, changes: Mapping[str, Any], facts: Mapping[str, Any], scheduler: Mapping[str, Any] | None = None) -> None:
    check_workers(connected(facts, changes, scheduler), [cell], [Packer().pack(cell)])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"promptwire": "0.9"}, "the worker tcp://b:2 has promptwire 0.9, and here is 1.0"),
        ({"promptwire": None}, "the worker tcp://b:2 lacks promptwire, and here is 1.0"),
        ({"Python": "3.11"}, "has Python 3.11, and here is 3.12"),
        ({"distributed": "2025.1"}, "has distributed 2025.1, and here is 2026.1"),
        ({"redis": None}, "the worker tcp://b:2 lacks redis\n  it is needed for the shared cache: pip install"),
    ],
)
def test_a_worker_with_another_version_or_without_an_extra_is_named(cell: Cell, changes: dict[str, Any], said: str) -> None:
    check(cell, {"redis": "4", "xllamacpp": "1"}, {})
    with pytest.raises(ClusterError) as error:
        check(cell, changes, {})
    assert said in str(error.value) and "tcp://a:1" not in str(error.value)


def test_a_scheduler_with_another_dask_is_an_error(cell: Cell) -> None:
    check(cell, {}, {}, {"promptwire": None})  # a scheduler needs no promptwire
    with pytest.raises(ClusterError, match=r"the scheduler has distributed 2025\.1"):
        check(cell, {}, {}, {"distributed": "2025.1"})


def test_a_worker_without_the_shared_cache_is_an_error_that_shows_no_password(cell: Cell) -> None:
    with pytest.raises(ClusterError, match="has no shared cache") as error:
        check(cell, {}, {"cache": ""})
    assert "PROMPTWIRE_CACHE_URL" in str(error.value) and "some-password" not in str(error.value)


def test_resources_that_no_worker_offers_are_an_error(cell: Cell) -> None:
    greedy = replace(cell, resources={"gpu": 1})
    check_resources(connected({"resources": {"gpu": 2.0}}), [cell, greedy])
    with pytest.raises(ClusterError, match='--resources "gpu=1"'):
        check_resources(connected({"resources": {"gpu": 0.5, "disk": 1}}), [cell, greedy])


def test_a_scheduler_has_to_have_a_worker() -> None:
    check_slots(connected({}))
    with pytest.raises(ClusterError, match="the scheduler has no workers"):
        check_slots(connected({}, slots=0))
