"""A receiver of OTLP over HTTP on 127.0.0.1, like a collector: it parses the protobuf and keeps what came."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

__all__ = ["Received", "receiving", "value_of"]


class Received:
    """What a receiver got."""

    def __init__(self) -> None:
        self.address = ""
        self.status = 200
        """What it answers to traces."""
        self.metric_status = 200
        """What it answers to metrics."""
        self.spans: list[Any] = []
        self.metrics: list[Any] = []
        self.services: set[str] = set()
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []

    def attributes(self, span: Any) -> dict[str, Any]:
        return {one.key: value_of(one.value) for one in span.attributes}

    def named(self, name: str) -> list[Any]:
        return [span for span in self.spans if span.name == name]


def value_of(value: Any) -> Any:
    """The value of an attribute as Python has it."""
    kind = value.WhichOneof("value")
    found = getattr(value, kind)
    return [value_of(one) for one in found.values] if kind == "array_value" else found


@contextmanager
def receiving() -> Iterator[Received]:
    """A receiver at work until the block ends."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            received.headers.append(dict(self.headers))
            received.bodies.append(body)
            traces = self.path == "/v1/traces"
            status = received.status if traces else received.metric_status
            if traces and status == 200:
                for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                    names = {one.key: value_of(one.value) for one in group.resource.attributes}
                    received.services.add(names["service.name"])
                    for scope in group.scope_spans:
                        received.spans += scope.spans
            elif status == 200:
                for group in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                    for scope in group.scope_metrics:
                        received.metrics += scope.metrics
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
