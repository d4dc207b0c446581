"""Spans from the lines of a trace, without any library."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from promptwire.sinks.spans import ROOT, Span, Spans, span_number

HOSTILE = 'say "no"\n{ {{ {% $ % \u2028 \ud800 中文\t'


class Trace:
    """Lines with one counter, as a run writes them."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.event("run", identities={"m at host": "openai/m"})

    def add(self, file: str, **facts: Any) -> None:
        self.lines.append({"n": len(self.lines) + 1, "t": len(self.lines) / 10, "file": file, **facts})

    def event(self, event: str, **facts: Any) -> None:
        self.add("events.jsonl", event=event, **facts)

    def call(self, key: str, path: str, *, new: bool, **facts: Any) -> None:
        settings = {"temperature": 0.5, "max_tokens": 20, "stop": ["END"], "extra": {"seed": 3, "tool": {}}}
        parts = {"identity": "m at host", "kind": "generate", "messages": "ab12", "settings": settings}
        self.add("calls.jsonl", key=key, path=path, new=new, sample=0, parts=parts, **facts)

    def request(self, key: str, path: str, **facts: Any) -> None:
        spent = {"tokens_in": 7, "tokens_out": 2, "usd": 0.25, "seconds": 0.05, "answers": 1, "model": "openai/m"}
        self.event("request", path=path, key=key, **{**spent, **facts})

    def step(self, path: str, what: str, round: str = "", element: str = "", **facts: Any) -> None:
        self.event(what, path=path, round=round, element=element, **facts)


def spans(lines: Iterable[dict[str, Any]], **how: Any) -> list[Span]:
    made = Spans(**how)
    found = [span for line in lines for span in made.take(line)]
    return [*found, *made.rest()]


def of(found: list[Span], name: str) -> Span:
    (one,) = [span for span in found if span.name == name]
    return one


def test_a_request_and_its_call_become_one_span_with_the_attributes_of_the_conventions() -> None:
    trace = Trace()
    trace.step("write", "start")
    trace.request("k", "write", finish=["length"])
    trace.call("k", "write", new=True)
    trace.step("write", "done")
    found = spans(trace.lines)
    assert [one.name for one in found] == ["chat m", "step write"]
    call, step = found
    assert call.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "m",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": None,
        "gen_ai.request.max_tokens": 20,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.request.seed": 3,
        "gen_ai.request.choice.count": None,
        "gen_ai.response.model": "m",
        "gen_ai.response.finish_reasons": ("length",),
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 2,
        "promptwire.cost_usd": 0.25,
        "promptwire.cached": False,
        "promptwire.step.path": "write",
    }
    assert (call.kind, call.parent, step.parent) == ("client", step.number, span_number(ROOT))
    assert call.ended - call.began == pytest.approx(0.05)


def test_the_spans_do_not_depend_on_which_half_of_a_request_comes_first() -> None:
    trace = Trace()
    trace.request("k", "write")
    trace.call("k", "write", new=True)
    first, *halves = trace.lines
    assert spans(trace.lines) == spans([first, *reversed(halves)])


def test_a_cached_call_takes_no_time_and_has_no_tokens() -> None:
    trace = Trace()
    trace.call("k", "write", new=False)
    call = of(spans(trace.lines), "chat m")
    assert call.began == call.ended
    assert call.attributes["promptwire.cached"] is True
    assert not any("usage" in name for name in call.attributes)


def test_the_same_cached_call_twice_is_two_spans() -> None:
    trace = Trace()
    trace.call("k", "write", new=False)
    trace.call("k", "write", new=False)
    for texts in (False, True):
        assert len({span.number for span in spans(trace.lines, texts=texts)}) == 2


def test_runs_of_one_step_at_once_keep_their_own_calls() -> None:
    """Rounds that overlap, and elements of `each`, run the same step at the same time."""
    trace = Trace()
    trace.step("loop", "start")
    trace.step("loop.all", "start", "1")
    for element in ("/0", "/1"):
        trace.step("loop.all.write", "start", "1", element)
    for element in ("/1", "/0"):
        trace.request(f"k{element}", "loop.all.write", round="1", element=element)
        trace.call(f"k{element}", "loop.all.write", new=True, round="1", element=element)
    for element in ("/0", "/1"):
        trace.step("loop.all.write", "done", "1", element)
    trace.step("loop.all", "done", "1")
    trace.step("loop", "done")
    found = spans(trace.lines)
    by_number = {span.number: span for span in found}
    for call in (span for span in found if span.kind == "client"):
        step = by_number[call.parent]
        assert step.attributes["promptwire.step.element"] == call.attributes["promptwire.step.element"]
        assert step.attributes["promptwire.step.loop_round"] == 2
        assert by_number[step.parent].name == "step loop.all"
        assert by_number[by_number[step.parent].parent].name == "step loop"


def test_a_lost_request_is_a_span_with_the_type_of_its_error() -> None:
    trace = Trace()
    trace.event("lost", path="write", model="openai/m", error=HOSTILE, type="RequestRefused")
    call = of(spans(trace.lines), "chat m")
    assert (call.error, call.attributes["error.type"]) == (HOSTILE, "RequestRefused")


def test_retries_are_events_of_their_step() -> None:
    trace = Trace()
    trace.step("write", "start")
    trace.event("retry", path="write", model="openai/m", attempt=1, wait=0.5, error="503")
    trace.step("write", "failed", error="it failed")
    step = of(spans(trace.lines), "step write")
    assert step.error == "it failed"
    assert [(one.name, one.attributes["promptwire.wait"]) for one in step.events] == [("promptwire.retry", 0.5)]


def test_a_step_without_an_end_and_a_request_without_a_call_end_with_the_run() -> None:
    trace = Trace()
    trace.step("write", "start")
    trace.request("k", "write")
    found = spans(trace.lines)
    assert of(found, "step write").attributes["promptwire.step.unfinished"] is True
    assert of(found, "chat m").attributes["gen_ai.usage.input_tokens"] == 7


def test_the_held_out_comparison_has_a_span_though_it_is_no_step() -> None:
    trace = Trace()
    trace.call("k", "report", new=False)
    found = spans(trace.lines)
    assert of(found, "chat m").parent == of(found, "step report").number


def asked(trace: Trace, key: str) -> None:
    reply = {"key": key, "text": HOSTILE, "finish": "stop"}
    trace.add("asked.jsonl", path="write", messages=[["system", "Be brief."], ["user", HOSTILE]], replies=[reply])


def test_texts_are_in_spans_only_on_request() -> None:
    trace = Trace()
    trace.step("write", "start")
    trace.request("k", "write")
    trace.call("k", "write", new=True)
    trace.call("c", "write", new=False)
    asked(trace, "k")
    asked(trace, "c")
    trace.event("best", prompt=HOSTILE)
    assert HOSTILE not in str(spans(trace.lines)) and "messages" not in str(spans(trace.lines))
    calls = [span for span in spans(trace.lines, texts=True) if span.kind == "client"]
    assert len(calls) == 2
    for call in calls:
        told = json.loads(call.attributes["gen_ai.input.messages"])
        assert told[1] == {"role": "user", "parts": [{"type": "text", "content": HOSTILE}]}
        (answer,) = json.loads(call.attributes["gen_ai.output.messages"])
        assert (answer["role"], answer["parts"][0]["content"], answer["finish_reason"]) == ("assistant", HOSTILE, "stop")


def test_lines_of_another_version_are_taken_as_far_as_they_can_be_read() -> None:
    odd: list[dict[str, Any]] = [
        {"file": "events.jsonl", "event": None},
        {"file": "events.jsonl", "event": "request", "t": "late", "answers": "many", "tokens_in": -4, "finish": 3},
        {"file": "events.jsonl", "event": "round", "round": None},
        {"file": "calls.jsonl", "path": 3, "parts": [], "new": "yes"},
        {"file": "asked.jsonl", "replies": 7},
        {"file": "events.jsonl", "event": "start", "path": "a.b", "round": "x.y", "element": "//"},
    ]
    assert {span.kind for span in spans(odd, texts=True)} == {"client", "internal"}
