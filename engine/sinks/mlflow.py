"""Sends a run to MLflow: params, metrics, tags, data set, candidates, report and page.

A run has one entry in MLflow, found again by a tag. So a run that is sent twice, or of which a part was sent before, has one
entry that is whole. Metrics are sent while the run works. When they are sent again, each has the same time and step.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from promptwire.mlflow_library import load_mlflow, require_mlflow
from promptwire.page.data import page_data
from promptwire.page.html import render_page
from promptwire.results.lenient import as_dict, as_int, as_text
from promptwire.results.run import Run
from promptwire.security.secrets import hide_credentials
from promptwire.security.untrusted_numbers import finite, price, token_count
from promptwire.sinks.mlflow_values import candidate_table, final_metrics, held_out_metrics, param_values, tag_values
from promptwire.sinks.run_span import run_identity
from promptwire.sinks.sink import Line

__all__ = ["EXPERIMENT", "IDENTITY", "MlflowSink", "ParentEntry"]

EXPERIMENT: Final = "promptwire"
"""Name of the experiment where MLFLOW_EXPERIMENT_NAME and MLFLOW_EXPERIMENT_ID name none."""
IDENTITY: Final = "promptwire.id"
"""Tag by which an entry is found again."""
_WHOLE: Final = "promptwire.whole"
"""Tag of an entry that lacks nothing."""
_SOURCE: Final[Mapping[str, str]] = {"mlflow.source.name": "promptwire", "mlflow.source.type": "LOCAL"}
"""Tags by which MLflow shows what made an entry."""
_TITLE: Final = 400
"""Most characters of a name."""
_TABLE: Final = "candidates.json"
_MANY: Final = 900
"""Most metrics of one request: MLflow takes 1,000."""
_ENDS: Final[Mapping[str, str]] = {"finished": "FINISHED", "cut short": "FINISHED", "stopped": "KILLED"}
"""State of a run in MLflow's words; the others are failed there."""


class ParentEntry:
    """The entry of a comparison or a sweep, above those of its runs. It is made when the first of them is sent."""

    def __init__(self, title: str, identity: str) -> None:
        self._title = title
        self._identity = identity
        self._client: Any = None
        self._entry = ""

    def made(self, client: Any) -> str:
        """Return the number of the entry in the server of `client`."""
        if not self._entry:
            self._client = client
            experiment = _experiment(client)
            found = _known_entry(client, experiment, self._identity)
            tags = {**_SOURCE, IDENTITY: self._identity}
            self._entry = found or client.create_run(experiment, tags=tags, run_name=self._title[:_TITLE]).info.run_id
        return self._entry

    def end(self) -> None:
        """Mark the entry as finished."""
        if self._entry:
            self._client.set_terminated(self._entry, "FINISHED")


class MlflowSink:
    """Sends one run."""

    def __init__(self, uri: str | None = None) -> None:
        """Take the address of the tracking server or database; None takes that of MLFLOW_TRACKING_URI.

        Raises UsageError when MLflow is not installed.
        """
        require_mlflow("the sink mlflow")
        self._uri = uri
        self._parent: ParentEntry | None = None
        self._whole = False
        self._client: Any = None
        self._kinds: Any = None
        self._entry = ""
        self._began = 0.0
        self._facts: Mapping[str, Any] = {}
        self._spent = {"new_calls": 0.0, "tokens": 0.0, "cost_usd": 0.0}
        self._priced = True
        self._metric = ""
        self._best: float | None = None

    @property
    def target(self) -> str:
        """Where it sends to."""
        return "mlflow" if self._uri is None else f"mlflow:{hide_credentials(self._uri)}"

    @property
    def files(self) -> Sequence[str]:
        """The file that it reads."""
        return ("events.jsonl",)

    def put_under(self, parent: ParentEntry) -> None:
        """Make the entry of the run one below `parent`."""
        self._parent = parent

    def begin(self, run: Run, *, live: bool) -> None:
        """Make the entry of the run, or find it."""
        library = load_mlflow("the sink mlflow")
        self._client, self._kinds = library.MlflowClient(tracking_uri=self._uri), library.entities
        self._began = run.began or 0.0
        experiment = _experiment(self._client)
        tags = {**_SOURCE, IDENTITY: run_identity(run)}
        if self._parent is not None:
            tags["mlflow.parentRunId"] = self._parent.made(self._client)
        self._entry = _known_entry(self._client, experiment, tags[IDENTITY])
        if not self._entry:
            made = self._client.create_run(experiment, start_time=self._ms(0.0), tags=tags, run_name=run.name)
            self._entry = made.info.run_id
            return
        known = self._client.get_run(self._entry).data.tags
        for name, value in tags.items():
            if known.get(name) != value:
                self._client.set_tag(self._entry, name, value)
        self._whole = known.get(_WHOLE) == _mark(run)
        if not self._whole:
            self._client.update_run(self._entry, status="RUNNING")

    def take(self, lines: Sequence[Line]) -> None:
        """Send the metrics of these events."""
        points: list[tuple[str, float, float, int]] = []
        if self._whole:
            return
        for line in lines:
            points += self._points(line)
        self._log(points)

    def end(self, run: Run) -> None:
        """Send params, final metrics, tags and files, and end the entry."""
        if self._whole:
            return
        kinds, seconds = self._kinds, run.seconds or 0.0
        params = [kinds.Param(name, value) for name, value in param_values(run, self._facts).items()]
        for start in range(0, len(params), 100):
            self._client.log_batch(self._entry, params=params[start : start + 100])
        finals = {**held_out_metrics(run), **final_metrics(run)}
        self._log([(name, value, seconds, 0) for name, value in finals.items()])
        tags = {**tag_values(run), "mlflow.loggedArtifacts": json.dumps([{"path": _TABLE, "type": "table"}])}
        for name, value in tags.items():
            self._client.set_tag(self._entry, name, value)
        self._log_data(run)
        self._log_files(run)
        status = _ENDS.get(run.state.kind, "FAILED")
        self._client.set_tag(self._entry, _WHOLE, _mark(run))
        self._client.set_terminated(self._entry, status, end_time=self._ms(seconds))

    def _points(self, line: Line) -> list[tuple[str, float, float, int]]:
        """Name, value, time and step of the metrics that an event tells."""
        what, at = line.get("event"), finite(line.get("t")) or 0.0
        if what == "run":
            self._facts = line
        elif what in ("request", "charged"):
            usd = price(line.get("usd"))
            self._priced = self._priced and usd is not None
            self._spent["new_calls"] += as_int(line.get("answers"))
            self._spent["tokens"] += sum(token_count(line.get(name)) for name in ("tokens_in", "tokens_out", "tokens"))
            self._spent["cost_usd"] += usd or 0.0
        elif what == "leader" and (score := finite(line.get("score"))) is not None:
            self._metric = self._metric or as_text(line.get("metric"))
            if line.get("metric") != self._metric:  # scores by different metrics are not compared
                return []
            self._best = score
            return [("search/best_score", score, at, int(self._spent["new_calls"]))]
        elif what == "round" and "." not in (number := as_text(line.get("round"))) and number.isdecimal():
            told = {**self._spent, "best_score": self._best}
            known = {name: value for name, value in told.items() if name != "cost_usd" or self._priced}
            head = f"rounds/{as_text(line.get('path'))}"
            return [(f"{head}/{name}", value, at, int(number) + 1) for name, value in known.items() if value is not None]
        return []

    def _log(self, points: Sequence[tuple[str, float, float, int]]) -> None:
        kinds = self._kinds
        found = [kinds.Metric(name, value, self._ms(at), step) for name, value, at, step in points]
        for start in range(0, len(found), _MANY):
            self._client.log_batch(self._entry, metrics=found[start : start + _MANY])

    def _log_data(self, run: Run) -> None:
        """Name the data: the task with the sizes of its splits. The examples stay here."""
        kinds, settings = self._kinds, run.settings
        if not settings.task:
            return
        source = json.dumps({"tags": {"task": settings.task, "changes": ", ".join(sorted(settings.changes))}})
        digest = settings.fingerprint[:32] or "unknown"
        profile = json.dumps(as_dict(self._facts.get("examples")))
        data = kinds.Dataset(settings.task[:_TITLE], digest, "code", source, profile=profile)
        tags = [kinds.InputTag("mlflow.data.context", "optimization")]
        self._client.log_inputs(self._entry, [kinds.DatasetInput(data, tags)])

    def _log_files(self, run: Run) -> None:
        """Send the candidates, the report, the best prompt and the page."""
        self._client.log_dict(self._entry, candidate_table(run), _TABLE)
        if run.report is not None:
            self._client.log_text(self._entry, run.report.to_json(indent=2) + "\n", "report.json")
        if run.best is not None:
            text = run.best.text.encode("utf-8", errors="backslashreplace").decode("utf-8")
            self._client.log_text(self._entry, text, "prompt.txt")
        self._client.log_text(self._entry, render_page(page_data(run), _chart_script()), "page.html")

    def _ms(self, seconds: float) -> int:
        return int((self._began + seconds) * 1000)


def _chart_script() -> str | None:
    """The script of the charts for a page; None without the extra that brings it."""
    from promptwire.backends.known_models import user_cache  # noqa: PLC0415 - only a page needs it
    from promptwire.page.vega import chart_script as script  # noqa: PLC0415

    return script(user_cache() / "page")


def _experiment(client: Any) -> str:
    """Return the experiment that the environment names, or `promptwire`; it is made where there is none of its name."""
    if known := os.environ.get("MLFLOW_EXPERIMENT_ID"):
        return known
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name))
        except Exception:  # another process has made it since
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    return str(found.experiment_id)


def _known_entry(client: Any, experiment: str, identity: str) -> str:
    """Number of the entry with the tag `identity`; empty where there is none."""
    found = client.search_runs([experiment], f"tags.`{IDENTITY}` = '{identity}'", max_results=1)
    return str(found[0].info.run_id) if found else ""


def _mark(run: Run) -> str:
    """What the tag of a whole entry holds: a run that was sent while its end was not known is sent again."""
    return run.state.kind
