"""The words of `--on` name this process, workers of Dask, or a runner of one's own; other words are one error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import UsageError
from promptwire.sweeps.dask_runner import OnDask
from promptwire.sweeps.in_process import InProcess
from promptwire.sweeps.places import find_runner
from promptwire.sweeps.sweep_file import Sweep, read_sweep
from promptwire.sweeps.where import parse_where
from tests.engine.sweeps.study import SWEEP, make_study


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sweep:
    """A small sweep in the working folder, with the file of a scheduler beside it."""
    monkeypatch.chdir(tmp_path)
    Path("scheduler.json").write_text('{"address": "tcp://node1:8786"}')
    return read_sweep(make_study(Path(), SWEEP))


@pytest.mark.parametrize(
    ("where", "kind", "described"),
    [
        ("here", InProcess, "one process"),
        ("here:4", InProcess, "one process, 4 cells at once"),
        ("local:3", OnDask, "3 workers on this machine"),
        ("tcp://node2:8786", OnDask, "tcp://node2:8786"),
        ("scheduler.json", OnDask, "tcp://node1:8786"),
    ],
)
def test_words_of_on_make_a_runner(study: Sweep, where: str, kind: type[Any], described: str) -> None:
    """Nothing is started or connected to before the runner prepares."""
    runner = find_runner(where, study)
    assert (type(runner), runner.describe()) == (kind, described)


@pytest.mark.parametrize("where", ["", "here:0", "here:x", "lokal", "missing.json", "local:none"])
def test_other_words_of_on_are_an_error_with_examples(study: Sweep, where: str) -> None:
    with pytest.raises(UsageError) as error:
        find_runner(where, study)
    assert error.value.where == "--on" and "local:4" in error.value.hint


def test_a_runner_is_used_as_it_is(study: Sweep) -> None:
    mine = InProcess(2)
    assert find_runner(mine, study) is mine


@pytest.mark.parametrize("address", ["tcp://", "tcp://host", "foo://host:1", "tcp://u:some-password@host:8786", "tcp://a b:1"])
def test_what_is_no_address_of_a_scheduler_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(UsageError, match="is no address of a scheduler") as told:
        parse_where(address)
    assert "some-password" not in str(told.value)


@pytest.mark.parametrize("address", ["tcp://host:8786", "tls://10.0.0.1:8786", "tcp://[::1]:8786"])
def test_an_address_of_a_scheduler_is_used_as_it_is(address: str) -> None:
    assert parse_where(address).address == address
