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
