"""MLflow: runs and comparisons in a database of this test, read back by MLflow's own client."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import promptwire
from promptwire.mlflow_library import load_mlflow
from promptwire.results.run import Run
from promptwire.sinks.feed import send_run
from promptwire.sinks.mlflow import MlflowSink

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of MLflow's own use of its libraries
]
OPTIONS = promptwire.Options(models={"task": "scripted:planted"})


@dataclass
class Server:
    """A database of MLflow."""

    uri: str
    client: Any

    def entries(self, experiment: str = "promptwire") -> dict[str, Any]:
        found = self.client.get_experiment_by_name(experiment)
        return {one.info.run_name: one for one in self.client.search_runs([found.experiment_id])}

    def text(self, entry: Any, name: str) -> str:
        return Path(self.client.download_artifacts(entry.info.run_id, name)).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database: to make its tables takes ten seconds, once."""
    file = tmp_path_factory.mktemp("mlflow") / "empty.db"
    load_mlflow("the test").MlflowClient(tracking_uri=f"sqlite:///{file}").search_experiments()
    return file


@pytest.fixture
def server(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("MLFLOW_") and name != "MLFLOW_DISABLE_TELEMETRY"]:
        monkeypatch.delenv(name)
    shutil.copy(database, tmp_path / "mlflow.db")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    yield Server(uri, load_mlflow("the test").MlflowClient(tracking_uri=uri))


def test_a_run_is_in_mlflow_with_all_that_its_report_tells(server: Server) -> None:
    report = promptwire.run("protegi-small", "planted", OPTIONS, sinks=f"mlflow:{server.uri}")
    assert not any("mlflow" in note for note in report.notes)
    ((name, entry),) = server.entries().items()
    assert (name, entry.info.status) == (Path(report.run).name, "FINISHED")
    params = entry.data.params
    assert (params["pipeline"], params["task"], params["seed"], params["param.rounds"]) == (
        "protegi-small",
        "planted",
        "0",
        "2",
    )
    assert params["model.task"] == "scripted:planted"
    metrics = entry.data.metrics
    assert metrics["heldout/best"] == report.test.best.score and metrics["heldout/gain/low"] == report.test.gain.low
    assert (metrics["calls/new"], metrics["tokens/input"]) == (report.calls.new, report.tokens_in)
    history = server.client.get_metric_history(entry.info.run_id, "rounds/search/tokens")
    assert [one.step for one in history] == [1, 2] and history[0].value < history[1].value
    leaders = server.client.get_metric_history(entry.info.run_id, "search/best_score")
    assert [one.step for one in leaders] == sorted({one.step for one in leaders}) and len(leaders) > 1
    assert entry.data.tags["promptwire.verdict"] == "better" and entry.data.tags["promptwire.prompt"] == report.prompt
    assert json.loads(server.text(entry, "report.json"))["prompt"] == report.prompt == server.text(entry, "prompt.txt")
    assert "<html" in server.text(entry, "page.html")
    (data,) = entry.inputs.dataset_inputs
    assert data.dataset.name == "planted" and json.loads(data.dataset.profile) == {"train": 96, "test": 64}


def test_the_candidates_are_a_table_that_mlflow_reads(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    report = promptwire.run("protegi-small", "planted", OPTIONS, sinks=f"mlflow:{server.uri}")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    (entry,) = server.entries().values()
    table = server.client.load_table(entry.info.experiment_id, "candidates.json", run_ids=[entry.info.run_id])
    assert set(table["prompt"]) == {one.text for one in Run(Path(report.run)).candidates}
    (chosen,) = table[table["chosen"]].to_dict("records")
    assert chosen["prompt"] == report.prompt


def test_a_run_that_is_sent_again_has_one_entry_and_its_points_once(server: Server) -> None:
    report = promptwire.run("protegi-small", "planted", OPTIONS, sinks=f"mlflow:{server.uri}")
    (before,) = server.entries().values()
    history = server.client.get_metric_history(before.info.run_id, "search/best_score")
    server.client.delete_tag(before.info.run_id, "promptwire.whole")
    server.client.delete_tag(before.info.run_id, "promptwire.verdict")
    send_run(MlflowSink(server.uri), Path(report.run))
    (after,) = server.entries().values()
    assert (after.data.params, after.data.metrics, after.data.tags) == (
        before.data.params,
        before.data.metrics,
        before.data.tags,
    )
    again = server.client.get_metric_history(after.info.run_id, "search/best_score")
    assert [(one.step, one.value) for one in again] == [(one.step, one.value) for one in history]


def test_the_variables_of_mlflow_hold(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "my prompts")
    promptwire.run("protegi-small", "planted", OPTIONS, sinks="mlflow")
    assert len(server.entries("my prompts")) == 1


def test_a_run_that_fails_is_marked_as_failed(server: Server) -> None:
    with pytest.raises(promptwire.PromptwireError):
        promptwire.run("ape", "plural", OPTIONS, sinks=f"mlflow:{server.uri}")
    (entry,) = server.entries().values()
    assert entry.info.status == "FAILED" and "can't reply" in entry.data.tags["promptwire.state"]


def test_the_runs_of_a_comparison_stand_below_one_entry(server: Server) -> None:
    compared = {"seeds": 2, "baseline": False, "sinks": f"mlflow:{server.uri}"}
    promptwire.compare("protegi-small", "planted", OPTIONS, **compared)
    above = server.entries()["compare protegi-small on planted"]
    below = [one for one in server.entries().values() if one.data.tags.get("mlflow.parentRunId") == above.info.run_id]
    assert len(below) == 2 and above.info.status == "FINISHED"
    promptwire.compare("protegi-small", "planted", OPTIONS, **compared)
    assert len(server.entries()) == 3


def test_a_server_that_is_down_costs_one_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    report = promptwire.run("protegi-small", "planted", OPTIONS, sinks="mlflow:http://me:secret-word@127.0.0.1:9")
    (note,) = [note for note in report.notes if "mlflow" in note]
    assert note.startswith("warning: mlflow:http://***@127.0.0.1:9 has not got all of this run: ")
    assert "secret-word" not in note and report.verdict is not None
