"""Spans of a run from the lines of its trace: the run, its steps and its calls, with the attributes of the GenAI conventions.

A span is a value here; `promptwire.sinks.otel` has the library that sends it. The number of a span follows from what it stands
for, so a run that is sent twice has the same spans both times. Prompts and replies are in them only on request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from promptwire.results.lenient import as_dict, as_list, as_text
from promptwire.results.report import REPORT
from promptwire.security.untrusted_numbers import finite
from promptwire.sinks.call_attributes import message_attributes, provider_of, request_attributes, usage_attributes
from promptwire.sinks.sink import Line
from promptwire.values.rounds import from_one

__all__ = ["ROOT", "Span", "SpanEvent", "Spans", "span_number"]

ROOT = "run"
"""What the number of the root span is made of."""
Key = tuple[str, str, str]
"""Path, round and element of one run of a step, as the trace writes them."""


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened within a span."""

    name: str
    """Name of the event."""
    at: float
    """Seconds since the start of the run."""
    attributes: Mapping[str, Any]
    """Attributes; None stands for one that is not known."""


@dataclass(frozen=True, slots=True)
class Span:
    """One span that has ended."""

    name: str
    """Name by the conventions, such as `chat gpt-4o-mini`."""
    number: int
    """Its number."""
    parent: int
    """Number of its parent."""
    began: float
    """Seconds since the start of the run."""
    ended: float
    """Seconds since the start of the run."""
    attributes: Mapping[str, Any]
    """Attributes; None stands for one that is not known."""
    kind: Literal["client", "internal"] = "internal"
    """`client` for a call to a model."""
    error: str = ""
    """Error that ended it; empty when it has none."""
    events: tuple[SpanEvent, ...] = ()
    """What happened within it."""


def span_number(*parts: Any) -> int:
    """The number of a span, from all that tells it from the others of its run."""
    text = "\0".join(map(str, parts)).encode("utf-8", errors="backslashreplace")
    return int.from_bytes(hashlib.sha256(text).digest()[:8]) or 1


@dataclass(slots=True)
class _Call:
    """One request, or one call from the cache, and what the lines of the trace tell of it so far."""

    event: Line | None
    """The event `request`; None for a call from the cache, and before it came."""
    call: Line | None
    """The first of its calls; None before it came."""
    cached: bool = False
    """Whether the answer was there before: in the cache, or on its way to another step."""


_HELD: Final = 20_000
"""Most calls that wait for their texts: these are written some time after the calls, and for some never."""


class Spans:
    """Makes the spans of one run from its lines."""

    def __init__(self, *, texts: bool = False) -> None:
        """With `texts`, spans of calls hold messages and replies, as far as the run folder does."""
        self.texts = texts
        """Whether spans of calls hold messages and replies."""
        self._names: Mapping[str, Any] = {}
        self._began: dict[Key, float] = {}
        self._ended: set[Key] = set()
        self._events: dict[Key, list[SpanEvent]] = {}
        self._calls: dict[str, _Call] = {}
        self._asked: dict[str, tuple[Line, Mapping[str, Any]]] = {}
        self._last = 0.0
        self.root_events: list[SpanEvent] = []
        """What happened in the run that belongs to no step."""

    def take(self, line: Line) -> Iterator[Span]:
        """Take one line and yield the spans that are complete with it."""
        at = finite(line.get("t")) or 0.0
        self._last = max(self._last, at)
        if line["file"] == "calls.jsonl":
            yield from self._call(line, at)
        elif line["file"] == "asked.jsonl":
            for reply in as_list(line.get("replies")):
                self._asked[as_text(as_dict(reply).get("key"))] = (line, as_dict(reply))
        else:
            yield from self._event(as_text(line.get("event")), line, at)

    def rest(self) -> Iterator[Span]:
        """Yield what is still open at the end of the run: requests without a call, and steps without an end."""
        yield from map(self._model_span, self._calls.values())
        self._calls.clear()
        for key in [key for key in self._began if key not in self._ended]:
            last = {} if key[0] == REPORT else {"promptwire.step.unfinished": True}
            yield self._step(key, self._last, last)

    def _event(self, what: str, line: Line, at: float) -> Iterator[Span]:
        key = _key(line)
        if what == "run":
            self._names = as_dict(line.get("identities"))
        elif what == "start":
            self._began[key] = at
        elif what in ("done", "failed"):
            error = as_text(line.get("error"))
            yield self._step(key, at, {"error.type": "step_failed"} if error else {}, error=error)
        elif what == "request":
            self._open(key, at - (finite(line.get("seconds")) or 0.0))
            yield from self._known(as_text(line.get("key")) or f"line {line.get('n')}", event=line)
        elif what == "lost":
            yield self._lost(key, line, at)
        elif what in ("retry", "paced", "refused", "charged"):
            names = ("model", "attempt", "wait", "error", "parameters", "tokens", "usd")
            facts = {f"promptwire.{name}": line.get(name) for name in names if name in line}
            self._events.setdefault(key, []).append(SpanEvent(f"promptwire.{what}", at, facts))
        elif what in ("leader", "best", "round", "limit", "approved", "skipped"):
            self.root_events.append(self._milestone(what, line, at))

    def _call(self, line: Line, at: float) -> Iterator[Span]:
        """One call: the other half of a request that was sent, or a span of its own when the answer was there."""
        self._open(_key(line), at)
        if line.get("new") is True:
            yield from self._known(as_text(line.get("key")), call=line)
        elif self.texts:
            self._calls[f"line {line.get('n')}"] = _Call(None, line, cached=True)
            yield from self._with_texts()
        else:
            yield self._model_span(_Call(None, line, cached=True))

    def _known(self, key: str, *, event: Line | None = None, call: Line | None = None) -> Iterator[Span]:
        """Note one half of the request with this `key`, and yield its span when both are there."""
        found = self._calls.setdefault(key, _Call(None, None))
        found.event, found.call = event or found.event, call or found.call
        if self.texts:
            yield from self._with_texts()
        elif found.event is not None and found.call is not None:
            yield self._model_span(self._calls.pop(key))

    def _with_texts(self) -> Iterator[Span]:
        """Yield the oldest calls where too many wait."""
        while len(self._calls) > _HELD:
            yield self._model_span(self._calls.pop(next(iter(self._calls))))

    def _model_span(self, found: _Call) -> Span:
        """The span of a request that brought answers, or of a call from the cache."""
        event, call = found.event or {}, found.call or {}
        line, parts = event or call, as_dict(call.get("parts"))
        at, identity = finite(line.get("t")) or 0.0, as_text(parts.get("identity"))
        model = as_text(event.get("model")) or as_text(self._names.get(identity)) or identity
        attributes = {**request_attributes(model, parts), "promptwire.cached": found.cached}
        if event:
            attributes |= usage_attributes(event)
        if (asked := self._asked.pop(as_text(line.get("key")), None)) is not None:
            attributes |= message_attributes(*asked)
        began = max(0.0, at - (finite(event.get("seconds")) or 0.0))
        return self._client(span_number("call", line.get("n")), _key(line), began, at, {**attributes, **_provider(model)})

    def _lost(self, key: Key, line: Line, at: float) -> Span:
        """The span of a request that failed after all tries. When it began is not recorded."""
        self._open(key, at)
        model, error = as_text(line.get("model")), as_text(line.get("error"))
        attributes = {**request_attributes(model, {}), **_provider(model), "error.type": as_text(line.get("type")) or "_OTHER"}
        return self._client(span_number("call", line.get("n")), key, at, at, attributes, error)

    def _client(
        self, number: int, key: Key, began: float, ended: float, attributes: Mapping[str, Any], error: str = ""
    ) -> Span:
        name = f"{attributes['gen_ai.operation.name']} {attributes['gen_ai.request.model']}".rstrip()
        parent = span_number("step", *key) if key[0] else span_number(ROOT)
        return Span(name, number, parent, began, ended, {**attributes, **_place(key)}, "client", error)

    def _step(self, key: Key, at: float, more: Mapping[str, Any], error: str = "") -> Span:
        self._ended.add(key)
        began = self._began.get(key, at)
        attributes = {**_place(key), **more}
        events = tuple(self._events.pop(key, ()))
        return Span(
            f"step {key[0]}", span_number("step", *key), self._around(key), began, at, attributes, "internal", error, events
        )

    def _open(self, key: Key, at: float) -> None:
        """Note that the held-out comparison is at work: it is no step of the graph and has no start of its own."""
        if key[0] == REPORT and key not in self._began:
            self._began[key] = at

    def _around(self, key: Key) -> int:
        """Number of the span around one run of a step: a loop, an `each`, a pipeline used as a node, or the run."""
        path, rounds, elements = key[0].rpartition(".")[0], key[1].split("."), key[2].split("/")
        while path:
            for most in range(len(rounds), -1, -1):
                for deep in range(len(elements), 0, -1):
                    outer = (path, ".".join(rounds[:most]), "/".join(elements[:deep]))
                    if outer in self._began:
                        return span_number("step", *outer)
            path = path.rpartition(".")[0]
        return span_number(ROOT)

    def _milestone(self, what: str, line: Line, at: float) -> SpanEvent:
        names = ("path", "round", "of", "score", "examples", "metric", "reason", "complete", "condition", "new")
        facts = {f"promptwire.{name}": line.get(name) for name in names if name in line}
        if self.texts and what in ("leader", "best"):
            facts["promptwire.prompt"] = as_text(line.get("prompt"))
        if "promptwire.round" in facts:
            facts["promptwire.round"] = from_one(as_text(line.get("round")))
        return SpanEvent(f"promptwire.{what}", at, facts)


def _key(line: Line) -> Key:
    return as_text(line.get("path")), as_text(line.get("round")), as_text(line.get("element"))


def _provider(model: str) -> dict[str, Any]:
    return {"gen_ai.provider.name": provider_of(model)}


def _place(key: Key) -> dict[str, Any]:
    """Where a step stands, with rounds and elements counted from 1 as everywhere that a user sees them."""
    path, round_, element = key[0], from_one(key[1]), from_one(key[2])
    found: dict[str, Any] = {"promptwire.step.path": path}
    if round_:
        found |= {"promptwire.step.round": round_, "promptwire.step.loop_round": _number(round_.rpartition(".")[2])}
    return found | ({"promptwire.step.element": element} if element else {})


def _number(text: str) -> int | None:
    """The round's number; None for a text of another version."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
