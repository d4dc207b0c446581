"""Where cells run is read from `--on`; a scheduler that can't be reached is one error, without a password."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from promptwire.errors import ClusterError, UsageError
from promptwire.sweeps import dask_cluster
from promptwire.sweeps.dask_cluster import connect
from promptwire.sweeps.where import Wanted, parse_where


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("local:3", Wanted(workers=3)),
        ("tcp://node1:8786", Wanted(address="tcp://node1:8786")),
        ("tls://node1:8786", Wanted(address="tls://node1:8786")),
        ("scheduler.json", Wanted(address="tcp://10.0.0.1:8786")),
    ],
)
def test_words_of_on_name_workers_an_address_or_a_schedulers_file(
    text: str, wanted: Wanted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scheduler.json").write_text(json.dumps({"type": "Scheduler", "address": "tcp://10.0.0.1:8786"}))
    assert parse_where(text) == wanted
    assert parse_where("local").workers >= 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("local:0", "no number of workers"),
        ("local:x", "no number of workers"),
        ("local:99999999999999999999", "no number of workers"),
        ("local:²", "no number of workers"),
        ("missing.json", "there is no such scheduler file"),
        ("other.json", "this is no scheduler file"),
        ("list.json", "this is no scheduler file"),
    ],
)
def test_other_words_of_on_are_one_error(text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("other.json").write_text("{}")
    Path("list.json").write_text("[1]")
    with pytest.raises(UsageError, match=said):
        parse_where(text)


def test_a_place_is_shown_without_its_password() -> None:
    assert Wanted(address="tcp://me:word@host:1").shown == "tcp://***@host:1"
    assert (Wanted(workers=1).shown, Wanted(workers=2).shown) == ("1 worker on this machine", "2 workers on this machine")


def test_without_dask_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "find_spec", lambda name: None)
    with pytest.raises(ClusterError, match=r"pip install 'promptwire\[dask\]'"):
        connect(Wanted(workers=1))


def test_a_scheduler_that_does_not_answer_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(dask_cluster, "_PATIENCE", 0.5)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(ClusterError, match="the scheduler can't be reached") as error:
        connect(Wanted(address=address))
    assert str(error.value).startswith(address) and len(str(error.value).splitlines()) == 2


def test_a_value_that_is_no_client_is_refused() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(UsageError, match="not a client of Dask"):
        connect(object())
