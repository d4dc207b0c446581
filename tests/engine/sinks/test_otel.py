"""OpenTelemetry: runs of a real pipeline against a receiver that parses what comes over the wire."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import promptwire
from promptwire.results.run import Run
from promptwire.sinks.feed import send_run
from promptwire.sinks.otel import OtelSink
from promptwire.sinks.otel_settings import CAPTURE
from tests.otlp_receiver import Received, receiving, value_of

OPTIONS = promptwire.Options(models={"task": "scripted:planted"})
PIPELINE = "protegi-small"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of the person who runs the tests don't count."""
    for name in [name for name in os.environ if name.startswith(("OTEL_", "TRACE"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def receiver() -> Iterator[Received]:
    with receiving() as received:
        yield received


def parents(spans: list[Any]) -> dict[bytes, Any]:
    found = {span.span_id: span for span in spans}
    assert len(found) == len(spans)
    return found


def test_a_run_arrives_with_its_steps_and_calls_under_one_root(receiver: Received) -> None:
    report = promptwire.run(PIPELINE, "planted", OPTIONS, sinks=f"otel:{receiver.address}")
    assert not any("otel" in note for note in report.notes)
    by_id = parents(receiver.spans)
    (root,) = [span for span in receiver.spans if not span.parent_span_id]
    assert root.name == f"invoke_workflow {PIPELINE}" and receiver.services == {"promptwire"}
    assert {span.trace_id for span in receiver.spans} == {root.trace_id}
    calls = receiver.named("chat scripted:planted")
    cached = [span for span in calls if receiver.attributes(span)["promptwire.cached"]]
    assert (len(calls) - len(cached), len(cached)) == (report.calls.new, report.calls.cached)
    assert all(span.start_time_unix_nano == span.end_time_unix_nano for span in cached)
    for span in receiver.spans:
        if span is not root:
            around = by_id[span.parent_span_id]
            # Times in the trace have a tenth of a millisecond.
            assert around.start_time_unix_nano <= span.start_time_unix_nano + 200_000
            assert span.end_time_unix_nano <= around.end_time_unix_nano + 200_000
        if span.name.startswith("chat"):
            step, mine = (receiver.attributes(one) for one in (by_id[span.parent_span_id], span))
            assert {name: step.get(name) for name in step if "step" in name} == {
                name: mine.get(name) for name in mine if "step" in name
            }
    tokens = sum(receiver.attributes(span).get("gen_ai.usage.input_tokens", 0) for span in calls)
    facts = receiver.attributes(root)
    assert tokens == report.tokens_in == facts["promptwire.tokens.input"]
    assert (facts["promptwire.verdict"], facts["promptwire.heldout.best"]) == ("better", report.test.best.score)
    assert {event.name for event in root.events} >= {"promptwire.leader", "promptwire.round", "promptwire.best"}


def test_the_two_metrics_of_the_conventions_add_up(receiver: Received) -> None:
    report = promptwire.run(PIPELINE, "planted", OPTIONS, sinks=f"otel:{receiver.address}")
    found = {one.name: one for one in receiver.metrics}
    assert set(found) == {"gen_ai.client.token.usage", "gen_ai.client.operation.duration"}
    sums = {}
    for point in found["gen_ai.client.token.usage"].histogram.data_points:
        told = {one.key: value_of(one.value) for one in point.attributes}
        sums[told["gen_ai.token.type"]] = point.sum
        assert told["gen_ai.request.model"] == "scripted:planted"
    assert sums == {"input": report.tokens_in, "output": report.tokens_out}
    (timed,) = found["gen_ai.client.operation.duration"].histogram.data_points
    assert timed.count == report.requests


def test_a_run_that_is_sent_again_has_the_same_spans_and_no_metrics(receiver: Received) -> None:
    report = promptwire.run(PIPELINE, "planted", OPTIONS, sinks=f"otel:{receiver.address}")
    first, receiver.spans = receiver.spans, []
    receiver.metrics.clear()
    send_run(OtelSink(receiver.address), Path(report.run))
    assert sorted(span.SerializeToString(deterministic=True) for span in receiver.spans) == sorted(
        span.SerializeToString(deterministic=True) for span in first
    )
    assert receiver.metrics == []


def test_prompts_and_replies_are_sent_only_when_asked_for(receiver: Received, monkeypatch: pytest.MonkeyPatch) -> None:
    report = promptwire.run(PIPELINE, "planted", OPTIONS, sinks=f"otel:{receiver.address}")
    sent = b"".join(receiver.bodies)
    texts = [one.text.encode() for one in Run(Path(report.run)).candidates]
    assert texts and not any(text in sent for text in texts)
    monkeypatch.setenv(CAPTURE, "true")
    receiver.spans.clear()
    send_run(OtelSink(receiver.address), Path(report.run))
    told = [receiver.attributes(span) for span in receiver.spans if span.name.startswith("chat")]
    with_texts = [one for one in told if "gen_ai.input.messages" in one]
    assert with_texts and len(told) == report.calls.new + report.calls.cached
    for one in with_texts:
        assert {message["role"] for message in json.loads(one["gen_ai.input.messages"])} <= {"system", "user", "assistant"}
        assert json.loads(one["gen_ai.output.messages"])[0]["finish_reason"] == "stop"


def test_an_endpoint_that_refuses_costs_one_warning_and_the_result_is_the_same(receiver: Received) -> None:
    plain = promptwire.run(PIPELINE, "planted", OPTIONS)
    receiver.status = 400
    report = promptwire.run(PIPELINE, "planted", OPTIONS, sinks=f"otel:{receiver.address}")
    (note,) = [note for note in report.notes if "otel" in note]
    assert note.startswith(f"warning: otel:{receiver.address} has not got all of this run: ") and "400" in note
    assert note.endswith(f"promptwire log {Path(report.run).name} --to otel:{receiver.address}")
    assert (report.prompt, report.test) == (plain.prompt, plain.test)
    assert "otel" not in (Path(report.run) / "report.json").read_text()
    receiver.status = 200
    send_run(OtelSink(receiver.address), Path(report.run))
    assert len(receiver.named("chat scripted:planted")) == report.calls.new + report.calls.cached


def test_a_collector_without_metrics_is_no_failure(receiver: Received, capfd: pytest.CaptureFixture[str]) -> None:
    receiver.metric_status = 404
    report = promptwire.run(PIPELINE, "planted", OPTIONS, sinks=f"otel:{receiver.address}")
    assert receiver.spans and not any("otel" in note for note in report.notes)
    assert "404" not in capfd.readouterr().err


def test_the_variables_of_opentelemetry_hold(receiver: Received, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.address)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=blue")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "nightly")
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "none")
    monkeypatch.setenv("TRACEPARENT", f"00-{'ab' * 16}-{'cd' * 8}-01")
    promptwire.run(PIPELINE, "planted", OPTIONS, sinks="otel")
    assert receiver.services == {"nightly"} and receiver.metrics == []
    assert all(one["x-tenant"] == "blue" for one in receiver.headers)
    assert {span.trace_id.hex() for span in receiver.spans} == {"ab" * 16}
    (root,) = receiver.named(f"invoke_workflow {PIPELINE}")
    assert root.parent_span_id.hex() == "cd" * 8


def test_a_sampler_that_takes_nothing_sends_nothing(receiver: Received, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    report = promptwire.run(PIPELINE, "planted", OPTIONS, sinks=f"otel:{receiver.address}")
    assert receiver.spans == [] and not any("otel" in note for note in report.notes)


def test_an_exporter_of_the_program_gets_the_run_below_the_span_that_the_program_is_in() -> None:
    exporter = InMemorySpanExporter()
    before = trace.get_tracer_provider()
    with TracerProvider(shutdown_on_exit=False).get_tracer("mine").start_as_current_span("job") as job:
        promptwire.run(PIPELINE, "planted", OPTIONS, sinks=[OtelSink(exporter=exporter)])
    (root,) = [span for span in exporter.get_finished_spans() if span.name == f"invoke_workflow {PIPELINE}"]
    assert root.parent is not None and root.parent.span_id == job.get_span_context().span_id
    assert trace.get_tracer_provider() is before


def test_a_run_that_fails_is_sent_with_its_error(receiver: Received) -> None:
    with pytest.raises(promptwire.PromptwireError):
        promptwire.run("ape", "plural", OPTIONS, sinks=f"otel:{receiver.address}")
    (root,) = receiver.named("invoke_workflow ape")
    assert root.status.code == root.status.STATUS_CODE_ERROR and "can't reply" in root.status.message
    lost = [span for span in receiver.named("chat scripted:planted") if span.status.message]
    assert lost and receiver.attributes(lost[0])["error.type"] == "ModelError"


def test_a_run_that_is_not_approved_sends_nothing(receiver: Received) -> None:
    def refuse(plan: Any) -> None:
        from promptwire.planning.dry_run import NotApproved

        raise NotApproved("not today")

    with pytest.raises(promptwire.PromptwireError, match="not today"):
        promptwire.run(PIPELINE, "planted", OPTIONS, approve=refuse, sinks=f"otel:{receiver.address}")
    assert receiver.spans == [] and receiver.headers == []
