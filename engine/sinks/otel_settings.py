"""What the environment and an address tell the sink for OpenTelemetry, before its library is loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import urlsplit

from promptwire.errors import UsageError
from promptwire.security.secrets import hide_credentials

__all__ = ["CAPTURE", "INSTALL", "check_endpoint", "check_library", "legal", "resource_names", "signal_url", "wants_texts"]

INSTALL: Final = "pip install 'promptwire[otel]'"
"""Command that installs OpenTelemetry."""
CAPTURE: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""Variable of the conventions by which a user wants prompts and replies in spans."""
_YES: Final = frozenset({"true", "1", "yes", "on", "span_only", "span_and_event"})


def wants_texts() -> bool:
    """Whether the environment asks for prompts and replies in spans."""
    return os.environ.get(CAPTURE, "").strip().lower() in _YES


def check_endpoint(endpoint: str | None) -> None:
    """Raise UsageError for an address that is none, and for a protocol in the environment that is not spoken."""
    protocol = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "")
    if protocol not in ("", "http/protobuf"):
        hint = "set it to http/protobuf; collectors take that at port 4318"
        raise UsageError(f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}; the sink otel sends http/protobuf", hint=hint)
    if endpoint is None:
        return
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        hint = "write otel:http://HOST:4318, or otel alone for the variable OTEL_EXPORTER_OTLP_ENDPOINT"
        raise UsageError(f"the sink otel:{hide_credentials(endpoint)} has no address of http", hint=hint)


def check_library(*, http: bool) -> None:
    """Raise UsageError when the SDK, or the exporter for `http`, is not installed."""
    wanted = ("opentelemetry.sdk", *(("opentelemetry.exporter.otlp.proto.http",) if http else ()))
    for name in wanted:
        try:
            found = find_spec(name)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise UsageError("the sink otel needs the OpenTelemetry SDK, which is not installed", hint=INSTALL)


def signal_url(endpoint: str, path: str) -> str:
    """The address of one signal, such as `v1/traces`, at the address of a collector, which may name one already.

    >>> signal_url("http://host:4318", "v1/traces"), signal_url("http://host/otlp/v1/traces", "v1/metrics")
    ('http://host:4318/v1/traces', 'http://host/otlp/v1/metrics')
    """
    parts = urlsplit(endpoint)
    base = parts.path.rstrip("/").removesuffix("/v1/traces")
    return parts._replace(path=f"{base}/{path}").geturl()


def resource_names(version: str) -> dict[str, str]:
    """Attributes of the resource beside those of the environment, which may name the service."""
    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return {**({} if named else {"service.name": "promptwire"}), "service.version": version}


def legal(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as the library takes them: without unknown ones, and with texts that can be written as UTF-8."""
    return {name: found for name, value in attributes.items() if (found := _value(value)) is not None}


def _value(value: Any) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -(1 << 63) <= value < 1 << 63 else str(value)
    if isinstance(value, list | tuple):
        return [_text(one) for one in value]
    return _text(value)


def _text(value: Any) -> str:
    """A lone surrogate from a broken reply has no form in UTF-8."""
    return str(value).encode("utf-8", errors="backslashreplace").decode("utf-8")
