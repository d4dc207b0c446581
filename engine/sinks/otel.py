"""Sends a run to OpenTelemetry: spans and metrics by OTLP over HTTP, or to exporters given in Python.

This is the one module that imports OpenTelemetry. Endpoint, headers, timeouts, sampling, limits and resource attributes are
those of the variables `OTEL_...`. A program's own set-up of OpenTelemetry is neither used nor changed. Its present span becomes
the parent of the run, as does that of the variable `TRACEPARENT`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import version
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final

from promptwire.errors import RunError
from promptwire.results.run import Run
from promptwire.security.secrets import hide_credentials
from promptwire.sinks.otel_settings import (
    check_endpoint,
    check_library,
    legal,
    resource_names,
    signal_url,
    wants_texts,
)
from promptwire.sinks.run_span import root_attributes, root_error, run_identity
from promptwire.sinks.sink import Line
from promptwire.sinks.spans import ROOT, Span, Spans, span_number

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricExporter
    from opentelemetry.sdk.trace.export import SpanExporter

__all__ = ["OtelSink"]

_BATCH: Final = 512
"""Most spans of one request to the endpoint."""
_EXPORTERS: Final = "opentelemetry.exporter.otlp"
"""Logger of the exporters, which tell the reason of a failure only there."""
_TOKENS: Final = tuple(4**power for power in range(14))
_SECONDS: Final = tuple(0.01 * 2**power for power in range(14))
"""Boundaries of the histograms by the conventions."""
_METERED: Final = (
    "gen_ai.operation.name",
    "gen_ai.provider.name",
    "gen_ai.request.model",
    "gen_ai.response.model",
    "error.type",
)
"""Attributes of the metrics by the conventions."""


class OtelSink:
    """Sends spans, and the metrics of a run at work."""

    def __init__(
        self,
        endpoint: str | None = None,
        *,
        exporter: SpanExporter | None = None,
        metric_exporter: MetricExporter | None = None,
        texts: bool | None = None,
    ) -> None:
        """Take the address of a collector, or exporters of the SDK. `texts` puts prompts and replies into spans.

        By default the variables `OTEL_EXPORTER_OTLP_...` and `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` tell both.
        Raises UsageError for an address that is none, and without OpenTelemetry.
        """
        self._over_http = exporter is None
        if self._over_http:
            check_endpoint(endpoint)
        check_library(http=self._over_http)
        self._endpoint, self._exporter, self._metric_exporter = endpoint, exporter, metric_exporter
        self._spans = Spans(texts=wants_texts() if texts is None else texts)
        self._around = _present_context()
        self._waiting: list[Any] = []
        self._began = 0
        self._ids: Any = None
        self._tracer: Any = None
        self._root: Any = None
        self._metrics: _Metrics | None = None

    @property
    def target(self) -> str:
        """Where it sends to."""
        return "otel" if self._endpoint is None else f"otel:{hide_credentials(self._endpoint)}"

    @property
    def files(self) -> Sequence[str]:
        """The files that it reads."""
        return ("calls.jsonl", "events.jsonl", *(("asked.jsonl",) if self._spans.texts else ()))

    def begin(self, run: Run, *, live: bool) -> None:
        """Open the root span."""
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - a run without it loads nothing of it

        number = version("promptwire")
        resource = Resource.create(resource_names(number))
        if self._exporter is None:
            self._exporter = _http_exporter("trace", "OTLPSpanExporter", self._endpoint, "v1/traces")
            if os.environ.get("OTEL_METRICS_EXPORTER", "otlp") != "none":
                self._metric_exporter = _http_exporter("metric", "OTLPMetricExporter", self._endpoint, "v1/metrics")
        # Metrics are added up where they arrive: those of a run that is sent again would count twice.
        if live and self._metric_exporter is not None:
            self._metrics = _Metrics(resource, self._metric_exporter)
        identity = run_identity(run)
        self._began = int((run.began or 0.0) * 1e9)
        self._ids = _numbered(span_number("trace", identity) << 64 | span_number("rest of trace", identity))
        self._tracer = _tracer(resource, self._ids, self._waiting, number)
        self._ids.next_span = span_number(ROOT, identity)
        name = f"invoke_workflow {root_attributes(run)['gen_ai.workflow.name']}"
        self._root = self._tracer.start_span(name, self._around, start_time=self._began)

    def take(self, lines: Sequence[Line]) -> None:
        """Send the spans that these lines complete."""
        for line in lines:
            for span in self._spans.take(line):
                self._add(span)
        self._send()

    def end(self, run: Run) -> None:
        """Send the rest, the root span and the metrics."""
        for span in self._spans.rest():
            self._add(span)
        for event in self._spans.root_events:
            self._root.add_event(event.name, legal(event.attributes), timestamp=self._time(event.at))
        self._root.set_attributes(legal(root_attributes(run)))
        _set_error(self._root, root_error(run))
        self._root.end(self._time(run.seconds or 0.0))
        self._send()
        if self._metrics is not None:
            self._metrics.send()
        if self._over_http and self._exporter is not None:
            self._exporter.shutdown()

    def _time(self, seconds: float) -> int:
        return self._began + int(seconds * 1e9)

    def _add(self, span: Span) -> None:
        """Make the span of the library. Its end puts it among those that wait to be sent."""
        from opentelemetry import trace  # noqa: PLC0415

        root = self._root.get_span_context()
        if span.parent != span_number(ROOT):
            flags, within = root.trace_flags, span.parent ^ root.span_id or 1
            root = trace.SpanContext(root.trace_id, within, is_remote=False, trace_flags=flags)
        self._ids.next_span = span.number ^ self._root.get_span_context().span_id or 1
        made = self._tracer.start_span(
            span.name,
            trace.set_span_in_context(trace.NonRecordingSpan(root)),
            kind=trace.SpanKind.CLIENT if span.kind == "client" else trace.SpanKind.INTERNAL,
            attributes=legal(span.attributes),
            start_time=self._time(span.began),
        )
        for event in span.events:
            made.add_event(event.name, legal(event.attributes), timestamp=self._time(event.at))
        _set_error(made, span.error)
        made.end(self._time(span.ended))
        if self._metrics is not None and span.kind == "client" and not span.attributes.get("promptwire.cached"):
            self._metrics.add(span)

    def _send(self) -> None:
        """Send what waits. Raises RunError with the reason when the endpoint did not take it."""
        while self._waiting and self._exporter is not None:
            batch = self._waiting[:_BATCH]
            with _reasons() as reasons:
                result = self._exporter.export(batch)
            if result.name != "SUCCESS":
                raise RunError(reasons[0] if reasons else "the exporter failed")
            del self._waiting[: len(batch)]


class _Metrics:
    """The two metrics of clients, kept until the end of a run."""

    def __init__(self, resource: Any, exporter: MetricExporter) -> None:
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: PLC0415

        self._exporter = exporter
        self._reader = InMemoryMetricReader()
        meter = MeterProvider(metric_readers=[self._reader], resource=resource, shutdown_on_exit=False).get_meter("promptwire")
        named = ("gen_ai.client.token.usage", "{token}", "Number of input and output tokens used.", _TOKENS)
        timed = ("gen_ai.client.operation.duration", "s", "GenAI operation duration.", _SECONDS)
        self._tokens, self._seconds = (
            meter.create_histogram(name, unit, text, explicit_bucket_boundaries_advisory=bounds)
            for name, unit, text, bounds in (named, timed)
        )

    def add(self, span: Span) -> None:
        """Count one request."""
        known = legal({name: span.attributes[name] for name in _METERED if name in span.attributes})
        if not span.error:  # when a failed request began is not recorded
            self._seconds.record(span.ended - span.began, known)
        for kind in ("input", "output"):
            if (tokens := span.attributes.get(f"gen_ai.usage.{kind}_tokens")) is not None:
                self._tokens.record(tokens, {**known, "gen_ai.token.type": kind})

    def send(self) -> None:
        """Send what was counted. Many backends of traces take no metrics: that is no failure."""
        data = self._reader.get_metrics_data()
        if data is not None:
            with _reasons():
                self._exporter.export(data)


def _http_exporter(signal: str, name: str, endpoint: str | None, path: str) -> Any:
    module = import_module(f"opentelemetry.exporter.otlp.proto.http.{'_log' if signal == 'log' else signal}_exporter")
    return getattr(module, name)(endpoint=None if endpoint is None else signal_url(endpoint, path))


def _tracer(resource: Any, ids: Any, waiting: list[Any], number: str) -> Any:
    """A tracer whose spans, when they end, are put into `waiting`."""
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider  # noqa: PLC0415

    class Collector(SpanProcessor):
        def on_end(self, span: Any) -> None:
            waiting.append(span)

    provider = TracerProvider(resource=resource, id_generator=ids, shutdown_on_exit=False)
    provider.add_span_processor(Collector())
    return provider.get_tracer("promptwire", number)


def _numbered(trace_number: int) -> Any:
    """A source of numbers that are told beforehand."""
    from opentelemetry.sdk.trace.id_generator import IdGenerator  # noqa: PLC0415

    class Numbers(IdGenerator):
        next_span = 1

        def generate_trace_id(self) -> int:
            return trace_number

        def generate_span_id(self) -> int:
            return self.next_span

    return Numbers()


def _present_context() -> Any:
    """The span that this program is in, or that of the variable TRACEPARENT, as a context; an empty one without either."""
    from opentelemetry import context, trace  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    if trace.get_current_span().get_span_context().is_valid:
        return trace.set_span_in_context(trace.get_current_span(), context.Context())
    told = {name.lower(): os.environ[name] for name in ("TRACEPARENT", "TRACESTATE") if name in os.environ}
    return TraceContextTextMapPropagator().extract(told, context.Context())


def _set_error(span: Any, error: str) -> None:
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415

    if error:
        span.set_status(Status(StatusCode.ERROR, error.encode("utf-8", errors="backslashreplace").decode("utf-8")))


@contextmanager
def _reasons() -> Iterator[list[str]]:
    """Collect what the exporters log in this thread.

    A logger with a handler prints nothing by itself, so their lines do not reach the terminal.
    """
    found: list[str] = []
    mine = get_ident()

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == mine:
                found.append(record.getMessage())

    logger, handler = logging.getLogger(_EXPORTERS), Collect(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
