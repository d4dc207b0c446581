from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import promptwire
from promptwire.cli.app import app
from promptwire.errors import RunError, UsageError
from promptwire.results.run_state import recorded_state
from tests.otlp_receiver import Received, receiving


@pytest.fixture
def receiver() -> Iterator[Received]:
    with receiving() as received:
        yield received


def test_a_run_is_sent_afterwards(receiver: Received) -> None:
    report = promptwire.run("protegi-small", "planted", promptwire.Options(models={"task": "scripted:planted"}))
    result = CliRunner().invoke(app, ["log", "last", "--to", f"otel:{receiver.address}"])
    assert result.output == f"{Path(report.run).name} is in otel:{receiver.address}\n"
    assert len(receiver.named("chat scripted:planted")) == report.calls.new + report.calls.cached
    receiver.status = 400
    failed = CliRunner().invoke(app, ["log", "last", "--to", f"otel:{receiver.address}"])
    assert isinstance(failed.exception, RunError) and "400" in str(failed.exception)


def test_a_run_at_work_and_a_wrong_sink_are_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with recorded_state(tmp_path / "run", {}):
        result = CliRunner().invoke(app, ["log", str(tmp_path / "run"), "--to", "otel"])
        assert isinstance(result.exception, UsageError) and "still at work" in str(result.exception)
    result = CliRunner().invoke(app, ["log", str(tmp_path / "run"), "--to", "otl"])
    assert isinstance(result.exception, UsageError) and "no sink 'otl'" in str(result.exception)
