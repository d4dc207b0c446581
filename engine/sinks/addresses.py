"""Sinks by the name that `--log-to` and `sinks=` take: `mlflow`, `mlflow:URI`, `otel`, `otel:ENDPOINT`.

A name that can't work, or whose library is missing, is refused before a run spends anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from promptwire.errors import UsageError, suggest
from promptwire.security.secrets import hide_credentials
from promptwire.sinks.sink import Sink

__all__ = ["make_sink", "make_sinks"]

_KINDS = ("mlflow", "otel")


def make_sinks(named: str | Sink | Sequence[str | Sink]) -> tuple[Sink, ...]:
    """Return the sinks that are `named`, each once. Raises UsageError for a name that is none."""
    given = [named] if isinstance(named, str) or not isinstance(named, Sequence) else named
    texts = dict.fromkeys(one for one in given if isinstance(one, str))
    return (*map(make_sink, texts), *(_checked(one) for one in given if not isinstance(one, str)))


def make_sink(name: str) -> Sink:
    """Return the sink called `name`. Raises UsageError when there is none, or its library is missing."""
    kind, colon, address = name.partition(":")
    if kind not in _KINDS:
        raise UsageError(f"there is no sink {hide_credentials(name)!r}", hint=suggest(kind, _KINDS, noun="sinks"))
    if colon and not address.strip():
        raise UsageError(f"the sink {name!r} has a colon and no address behind it", hint=f"write {kind}, or {kind}:ADDRESS")
    if kind == "mlflow":
        from promptwire.sinks.mlflow import MlflowSink  # noqa: PLC0415 - a run without it loads nothing of it

        return MlflowSink(address or None)
    from promptwire.sinks.otel import OtelSink  # noqa: PLC0415 - the same

    return OtelSink(address or None)


def _checked(sink: Sink) -> Sink:
    if not isinstance(sink, Sink):
        hint = "give a name such as mlflow, or an object with target, files, begin, take and end"
        raise UsageError(f"a {type(sink).__name__} is no sink", hint=hint)
    return sink
