"""Scheduler: steps start as early as possible, and a failure cancels the rest."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from promptwire.backend import Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import NodeError
from promptwire.graph.steps import LiteralValue, PipeStep, Ref, Step
from promptwire.node import Context, node
from promptwire.results.steps import read_steps
from promptwire.running.scheduler import run_graph
from tests.engine.sample_session import PLACE, Nothing, Number, add, call, graph, session
from tests.pipelines.search_runs import kind_of, model, numbers, search, well_formed

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
    with pytest.raises(NodeError, match=r"^bad: the node 'broken' failed: ZeroDivisionError: by zero") as caught:
        await run_graph(made, {}, session(ECHO))
    assert cancelled == [True]
    # A traceback names the node's error and its cause, and no group of errors around them.
    assert isinstance(caught.value.__cause__, ZeroDivisionError) and caught.value.__suppress_context__


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


CHOICE = """\
promptwire: 1
inputs: {seed: Prompts, train: Examples}
params: {flag: true}
nodes:
  first:  {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 1, when: $flag}
  second: {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 1, unless: $flag}
  graded: {use: evaluate, prompts: $second, on: $train}
  loop:
    repeat: 2
    unless: $flag
    carry: {beam: {start: $first, next: $more}}
    nodes: {more: {use: resample, prompts: $beam, template: ape/paraphrase.j2, n: 1}}
outputs: {prompt: [$first, $second], second: $second, graded: $graded, beam: $loop.beam, rounds: $loop.rounds}
"""


async def test_a_step_that_is_not_run_gives_empty_outputs_and_makes_no_call(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(CHOICE)
    run = await search(tmp_path / "p.yaml", model(), numbers(2), folder=tmp_path)
    assert {name: len(run.outputs[name]) for name in ("prompt", "second", "beam")} == {"prompt": 1, "second": 0, "beam": 1}
    assert (run.outputs["graded"].rows, run.outputs["rounds"]) == ((), 0)
    assert run.calls == 1
    assert dict(run.session.counts) == {("second", "not run"): 1, ("loop", "not run"): 1}
    events = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert [(one["path"], one["condition"]) for one in events if one["event"] == "skipped"] == [
        ("second", "unless $flag"),
        ("loop", "unless $flag"),
    ]
    assert [step.path for step in read_steps(events) if step.outcome == "not run"] == ["second", "loop"]


async def test_each_element_chooses_its_own_steps(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("""\
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  more: {use: resample, prompts: $seed, template: ape/paraphrase.j2, n: 2, keep_parents: true}
  one:
    each: {prompt: $more}
    nodes:
      graded: {use: evaluate, prompts: $prompt, on: $train}
      wrong:  {use: failures, of: $graded}
      again:  {use: resample, prompts: $prompt, template: ape/paraphrase.j2, n: 1, when: $wrong}
    outputs: {prompts: $again}
outputs: {prompt: $one}
""")

    def reply(request: Request, key: str) -> str:
        """Written prompts are right, the initial one is wrong."""
        if kind_of(request) != "task":
            return well_formed(request, key)
        return "answer 0" if "text" in str(request.messages) else "no"

    run = await search(tmp_path / "p.yaml", model(reply), numbers(1))
    assert len(run.outputs["prompt"]) == 1
    assert run.session.counts["one.again", "not run"] == 2
