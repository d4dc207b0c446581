"""Scheduler: steps start as early as possible, and a failure cancels the rest."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import NodeError
from promptwire.graph.steps import LiteralValue, PipeStep, Ref, Step
from promptwire.node import Context, node
from promptwire.running.scheduler import run_graph
from tests.engine.sample_session import PLACE, Nothing, Number, add, call, graph, session

ECHO = ScriptedBackend(lambda request, key: "x")


async def test_outputs_follow_the_wires_in_any_order_of_steps() -> None:
    steps = [
        call("three", add, {"left": Ref("two"), "right": Ref("one")}, "two", "one"),
        call("two", add, {"left": Ref("one"), "right": Ref("one")}, "one"),
        call("one", add, {"left": LiteralValue(1)}),
    ]
    for order in (steps, steps[::-1]):
        made = graph(*order, outputs={"out": Ref("three")}, types={"out": int})
        assert await run_graph(made, {}, session(ECHO)) == {"out": 3}


async def test_a_step_starts_as_soon_as_its_own_dependencies_are_done() -> None:
    gate = asyncio.Event()

    @node()
    async def slow(inputs: Number, params: Nothing, context: Context) -> Number:
        """Wait for the other branch's second step."""
        await gate.wait()
        return Number(value=1)

    @node()
    async def opens(inputs: Number, params: Nothing, context: Context) -> Number:
        """Let the slow one go."""
        gate.set()
        return Number(value=inputs.value + 1)

    made = graph(
        call("slow", slow, {}),
        call("quick", add, {"left": LiteralValue(1)}),
        call("after", opens, {"value": Ref("quick")}, "quick"),
        outputs={"a": Ref("slow"), "b": Ref("after")},
        types={"a": int, "b": int},
    )
    assert await run_graph(made, {}, session(ECHO)) == {"a": 1, "b": 2}


async def test_an_exception_in_a_node_names_it_and_cancels_the_others() -> None:
    cancelled: list[bool] = []

    @node()
    async def endless(inputs: Number, params: Nothing, context: Context) -> Number:
        """Never end."""
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)
        return Number()

    @node()
    async def broken(inputs: Number, params: Nothing, context: Context) -> Number:
        """Fail."""
        await asyncio.sleep(0)
        raise ZeroDivisionError("by zero")

    made = graph(call("wait", endless, {}), call("bad", broken, {}), outputs={"a": Ref("bad")}, types={"a": int})
    with pytest.raises(NodeError, match=r"^bad: the node 'broken' failed: ZeroDivisionError: by zero"):
        await run_graph(made, {}, session(ECHO))
    assert cancelled == [True]


async def test_a_pipeline_as_a_node_has_its_own_names_and_outside_params() -> None:
    inner = graph(
        call("sum", add, {"left": Ref("value"), "right": Ref("more")}),
        outputs={"total": Ref("sum")},
        types={"total": int},
        inputs={"value": int},
        params={"more": 1},
    )
    pipe: Step = PipeStep(
        "inner", "inner", PLACE, frozenset({"one"}), graph=inner, wires={"value": Ref("one")}, params={"more": LiteralValue(40)}
    )
    made = graph(call("one", add, {"left": LiteralValue(2)}), pipe, outputs={"out": Ref("inner", "total")}, types={"out": int})
    assert await run_graph(made, {}, session(ECHO)) == {"out": 42}


async def test_the_trace_holds_every_steps_start_end_and_values(tmp_path: Path) -> None:
    run = session(ECHO, folder=tmp_path)
    made = graph(call("one", add, {"left": LiteralValue(7)}), outputs={"out": Ref("one")}, types={"out": int})
    await run_graph(made, {}, run)
    run.trace.close()
    events = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    values = [json.loads(line) for line in (tmp_path / "values.jsonl").read_text().splitlines()]
    assert [(event["event"], event["path"]) for event in events] == [("start", "one"), ("done", "one")]
    assert [(value["path"], value["outputs"]) for value in values] == [("one", {"value": 7})]
