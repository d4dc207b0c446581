"""Usage by node from the lines of a run."""

from __future__ import annotations

from promptwire.results.node_usage import NodeUsage, read_usage


def test_calls_tokens_and_dollars_are_summed_by_node() -> None:
    calls = [{"path": "a", "new": True}, {"path": "a", "new": False}, {"path": "b", "new": True}]
    events = [
        {"event": "request", "path": "a", "tokens_in": 3, "tokens_out": 2, "usd": 0.5},
        {"event": "charged", "path": "a", "tokens": 4, "usd": 0.25},
        {"event": "lost", "path": "b"},
        {"event": "request", "path": "b", "tokens_in": 1, "tokens_out": 1, "usd": None},
        {"event": "start", "path": "c"},
    ]
    assert read_usage(calls, events) == {"a": NodeUsage(1, 1, 0, 9, 0.75), "b": NodeUsage(1, 0, 1, 2, None)}


def test_a_run_of_an_earlier_version_has_no_tokens() -> None:
    events = [{"event": "request", "path": "a", "model": "m", "answers": 1}]
    assert read_usage([{"path": "a", "new": True}], events) == {"a": NodeUsage(1, 0, 0, None, None)}


def test_a_node_whose_calls_all_failed_is_there() -> None:
    assert read_usage([], [{"event": "lost", "path": "a"}]) == {"a": NodeUsage(0, 0, 1, 0, 0.0)}


def test_lines_of_another_shape_count_as_what_they_tell() -> None:
    found = read_usage(
        [{"new": "yes"}, {"path": 7, "new": True}], [{"event": "request", "path": "a", "tokens_in": "many", "usd": "x"}]
    )
    assert found == {"": NodeUsage(0, 1, 0, 0, 0.0), "7": NodeUsage(1, 0, 0, 0, 0.0)}
