"""Rounds of a loop that overlap: what starts when, in which order, and that the result is that of rounds in sequence."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from simulated_time import leap

from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import NodeError
from promptwire.graph.overlap import can_overlap
from promptwire.graph.steps import Carry, Graph, LiteralValue, ModelCallSpec, PipeStep, Ref, RepeatStep
from promptwire.limits import Limits
from promptwire.node import Context, NodeType, node
from promptwire.running.scheduler import run_graph
from promptwire.values import Model
from tests.engine.sample_session import PLACE, Nothing, Pair, add, call, graph, session

ECHO = ScriptedBackend(lambda request, key: "x")
CALLS = ModelCallSpec(role="meta")


class Turn(Model):
    """Number of the run of a step."""

    value: int
    """The number."""


def slow(log: list[str], *, name: str, fails_in: str = "", first_takes: float = 1) -> NodeType:
    """A node that takes a second, or `first_takes` in the first round, adds its inputs, and logs when it runs."""

    @node(scores=True)
    async def wait(inputs: Pair, params: Nothing, context: Context) -> Turn:
        """Wait a second."""
        log.append(f"{name} {context.round} turn {context.turn} at {asyncio.get_running_loop().time():.0f}")
        await asyncio.sleep(first_takes if context.round == "0" else 1)
        if fails_in == context.round:
            raise ValueError(name)
        return Turn(value=inputs.left + inputs.right + 100 * context.turn)

    return wait


def loop(log: list[str], *, fails_in: str = "", **changes: Any) -> RepeatStep:
    """Each round: `first`, which reads nothing of the round before, then `second`, which reads the state `n`."""
    body = graph(
        call("first", slow(log, name="first"), {"left": Ref("turn"), "right": LiteralValue(0)}, asking=CALLS),
        call(
            "second",
            slow(log, name="second", fails_in=fails_in),
            {"left": Ref("first"), "right": Ref("n")},
            "first",
            asking=CALLS,
        ),
        outputs={},
        types={},
    )
    carry = {"n": Carry(int, LiteralValue(10), Ref("second")), "m": Carry(int, None, Ref("n"))}
    fields: dict[str, Any] = {"rounds": LiteralValue([1, 2, 3]), "variable": "turn", "until": (), "carry": carry, "body": body}
    return RepeatStep("loop", "loop", PLACE, frozenset(), **{**fields, **changes})


def ran(step: RepeatStep, limits: Limits | None = None) -> tuple[dict[str, Any], float]:
    made = graph(
        step,
        outputs={"n": Ref("loop", "n"), "m": Ref("loop", "m"), "rounds": Ref("loop", "rounds")},
        types=dict.fromkeys("nm", int) | {"rounds": int},
    )

    async def main() -> tuple[dict[str, Any], float]:
        outputs = await run_graph(made, {}, session(ECHO, limits=limits))
        return outputs, asyncio.get_running_loop().time()

    return leap(main())


def test_a_step_that_reads_no_state_does_not_wait_for_the_round_before() -> None:
    log: list[str] = []
    outputs, seconds = ran(loop(log))
    assert (outputs, round(seconds)) == ({"n": 10 + 6 + 600, "m": 10 + 3 + 200, "rounds": 3}, 4)
    assert log == [
        *(f"first {place} turn {place} at 0" for place in range(3)),
        *(f"second {place} turn {place} at {place + 1}" for place in range(3)),
    ]


def test_under_a_limit_rounds_run_in_sequence_with_the_same_result() -> None:
    log: list[str] = []
    outputs, seconds = ran(loop(log), Limits(calls=100))
    assert (outputs, round(seconds)) == (ran(loop([]))[0], 6)
    assert log[1] == "second 0 turn 0 at 1"


def test_a_step_runs_in_the_order_of_the_rounds_although_a_later_round_is_ready() -> None:
    log: list[str] = []
    body = graph(
        call("first", slow(log, name="first", first_takes=5), {"left": Ref("turn")}, asking=CALLS),
        call("second", slow(log, name="second"), {"left": Ref("first")}, "first", asking=CALLS),
        outputs={},
        types={},
    )
    ran(loop(log, body=body))
    assert [line for line in log if "second" in line] == [f"second {place} turn {place} at 5" for place in range(3)]


def test_an_error_of_a_round_is_raised() -> None:
    log: list[str] = []
    with pytest.raises(Exception, match="second"):
        ran(loop(log, fails_in="1"))
    assert not any(line.startswith("second 2") for line in log)


def test_the_error_of_the_earliest_round_is_raised_although_a_later_round_fails_sooner() -> None:
    log: list[str] = []
    body = graph(
        call("late", slow(log, name="late", fails_in="0", first_takes=5), {}, asking=CALLS),
        call("soon", slow(log, name="soon", fails_in="1"), {}, asking=CALLS),
        call("last", slow(log, name="last", first_takes=2), {"left": Ref("soon")}, "soon", asking=CALLS),
        outputs={},
        types={},
    )
    for limits in (None, Limits(calls=100)):
        with pytest.raises(NodeError, match="late"):
            ran(loop(log, body=body, carry={}), limits)
    assert not any(line.startswith("last 2") for line in log)


def test_a_state_that_stays_as_it_is_goes_through_any_number_of_rounds() -> None:
    carry = {"n": Carry(int, LiteralValue(10), Ref("n")), "m": Carry(int, None, Ref("n"))}
    outputs, _ = ran(loop([], carry=carry, rounds=LiteralValue([1] * 1500)))
    assert outputs == {"n": 10, "m": 10, "rounds": 1500}


def body_of(*names: str) -> Graph:
    return graph(*(call(name, add, {}) for name in names), outputs={}, types={})


def test_rounds_overlap_only_where_a_call_of_the_next_one_need_not_wait_for_all_calls() -> None:
    assert can_overlap(loop([]))
    assert not can_overlap(loop([], until=(Ref("second"),)))
    assert not can_overlap(loop([], body=body_of("idle"), carry={}))
    stage = PipeStep(
        "stage", "stage", PLACE, frozenset(), graph=body_of("idle"), wires={}, params={}, limits={"calls": LiteralValue(9)}
    )
    assert not can_overlap(loop([], body=replace(loop([]).body, steps={**loop([]).body.steps, "stage": stage})))
    bounded = call("bounded", slow([], name="bounded"), {}, asking=replace(CALLS, max_failed=0.5))
    assert not can_overlap(loop([], body=replace(loop([]).body, steps={**loop([]).body.steps, "bounded": bounded})))
    chained = graph(
        call("first", slow([], name="first"), {"left": Ref("n")}, asking=CALLS),
        call("second", slow([], name="second"), {"left": Ref("first")}, "first", asking=CALLS),
        outputs={},
        types={},
    )
    assert not can_overlap(loop([], body=chained))
    assert can_overlap(loop([], body=chained, carry={"n": Carry(int, LiteralValue(0), Ref("first"))}))
