"""Runs of a comparison on their way to sinks: those of OpenTelemetry against a receiver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import promptwire
from promptwire.cli.app import app
from promptwire.errors import UsageError
from promptwire.sinks.many_runs import ManyRuns
from tests.engine.sinks.recorded_sink import folder_of
from tests.otlp_receiver import Received, receiving


@pytest.fixture
def receiver() -> Iterator[Received]:
    with receiving() as received:
        yield received


def test_every_result_of_a_comparison_is_sent_and_old_ones_are_not_sent_twice(receiver: Received) -> None:
    options = promptwire.Options(models={"task": "scripted:planted"})
    told = {"baseline": False, "sinks": f"otel:{receiver.address}"}
    promptwire.compare("protegi-small", "planted", options, seeds=1, **told)
    promptwire.compare("protegi-small", "planted", options, seeds=2, **told)
    roots = receiver.named("invoke_workflow protegi-small")
    assert [receiver.attributes(root)["promptwire.seed"] for root in roots] == [0, 1]


def test_a_sink_that_fails_is_named_once_and_gets_no_more(receiver: Received, tmp_path: Path) -> None:
    receiver.status = 400
    runs = ManyRuns([f"otel:{receiver.address}"], "title", "identity")
    for _ in range(3):
        runs.add(folder_of(tmp_path))
    (warning,) = runs.close()
    assert "has not got all runs" in warning and "400" in warning and len(receiver.headers) == 1


def test_without_sinks_nothing_waits(tmp_path: Path) -> None:
    runs = ManyRuns([], "title", "identity")
    runs.add(tmp_path)
    assert runs.close() == []


def test_a_wrong_sink_is_refused_before_anything_is_run() -> None:
    with pytest.raises(UsageError, match="there is no sink 'otle'"):
        ManyRuns(["otle"], "title", "identity")


def test_a_sweep_sends_its_cells_and_says_when_a_server_did_not_take_them(receiver: Received, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(
        "promptwire: 1\nsweep: study\npipelines: [protegi-small]\ntasks: [planted]\nmodels: scripted:planted\nseeds: 1\n"
    )
    command = ["sweep", str(tmp_path / "study.yaml"), "-q", "-y", "--log-to", f"otel:{receiver.address}"]
    receiver.status = 400
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0 and "has not got all runs" in result.output
    assert len(receiver.headers) == 1
