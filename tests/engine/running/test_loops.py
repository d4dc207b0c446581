"""Loops: states of a round, limits, independent elements."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promptwire.backends.scripted import ScriptedBackend
from promptwire.errors import LimitReached
from promptwire.graph.steps import Carry, EachStep, Graph, LiteralValue, Ref, RepeatStep, Wire
from promptwire.node import Context, node
from promptwire.running.scheduler import run_graph
from promptwire.values import Model, Prompt, Prompts
from tests.engine.sample_session import PLACE, Nothing, Number, add, call, draw, graph, reached, session
from tests.pipelines.search_runs import model, numbers, search

ECHO = ScriptedBackend(lambda request, key: "x")


class Word(Model):
    """One prompt."""

    prompt: Prompt
    """The prompt."""


class Words(Model):
    """Prompts."""

    prompts: Prompts
    """The prompts."""


def loop(
    body: Graph,
    *,
    rounds: Wire,
    carry: dict[str, Carry],
    until: tuple[Ref, ...] = (),
    variable: str | None = None,
    numbered: bool = False,
) -> RepeatStep:
    how: dict[str, Any] = {"rounds": rounds, "variable": variable, "until": until, "numbered": numbered}
    return RepeatStep("loop", "loop", PLACE, frozenset(), carry=carry, body=body, **how)


def whole(step: RepeatStep, **outputs: Ref) -> Graph:
    return graph(step, outputs=outputs, types=dict.fromkeys(outputs, int))


COUNT = graph(call("next", add, {"left": Ref("n"), "right": LiteralValue(1)}), outputs={}, types={})
CARRY = {"n": Carry(int, LiteralValue(10), Ref("next"))}


async def test_a_state_is_carried_from_round_to_round() -> None:
    made = whole(loop(COUNT, rounds=LiteralValue(3), carry=CARRY), n=Ref("loop", "n"), rounds=Ref("loop", "rounds"))
    assert await run_graph(made, {}, session(ECHO)) == {"n": 13, "rounds": 3}


async def test_zero_rounds_give_the_start_values() -> None:
    made = whole(loop(COUNT, rounds=LiteralValue(0), carry=CARRY), n=Ref("loop", "n"), rounds=Ref("loop", "rounds"))
    assert await run_graph(made, {}, session(ECHO)) == {"n": 10, "rounds": 0}


async def test_all_states_change_together() -> None:
    swap = {"a": Carry(int, LiteralValue(1), Ref("b")), "b": Carry(int, LiteralValue(2), Ref("a"))}
    body = graph(call("idle", add, {}), outputs={}, types={})
    made = whole(loop(body, rounds=LiteralValue(3), carry=swap), a=Ref("loop", "a"), b=Ref("loop", "b"))
    assert await run_graph(made, {}, session(ECHO)) == {"a": 2, "b": 1}


async def test_until_ends_the_loop_after_the_round_that_fulfils_it() -> None:
    body = graph(
        call("next", add, {"left": Ref("n"), "right": LiteralValue(1)}),
        call("enough", reached, {"value": Ref("next")}, "next", bound=LiteralValue(12)),
        outputs={},
        types={},
    )
    made = whole(loop(body, rounds=LiteralValue(9), carry=CARRY, until=(Ref("enough"),)), n=Ref("loop", "n"))
    assert await run_graph(made, {}, session(ECHO)) == {"n": 12}


async def test_a_loop_over_values_gives_each_round_one_value() -> None:
    body = graph(call("next", add, {"left": Ref("n"), "right": Ref("step")}), outputs={}, types={})
    made = whole(loop(body, rounds=LiteralValue([1, 10, 100]), carry=CARRY, variable="step"), n=Ref("loop", "n"))
    assert await run_graph(made, {}, session(ECHO)) == {"n": 121}


@node()
async def spend(inputs: Number, params: Nothing, context: Context) -> Number:
    """Reach the limit from the third round on."""
    if inputs.value >= 12:
        raise LimitReached("the limit of 2 calls is reached")
    return Number(value=inputs.value + 1)


async def test_a_limit_leaves_the_last_complete_round_and_is_recorded() -> None:
    body = graph(call("next", spend, {"value": Ref("n")}), outputs={}, types={})
    made = whole(loop(body, rounds=LiteralValue(9), carry=CARRY), n=Ref("loop", "n"), rounds=Ref("loop", "rounds"))
    run = session(ECHO)
    assert await run_graph(made, {}, run) == {"n": 12, "rounds": 2}
    assert run.limits_hit == ["the limit of 2 calls is reached"]


async def test_a_limit_fails_the_run_under_on_limit_fail() -> None:
    body = graph(call("next", spend, {"value": Ref("n")}), outputs={}, types={})
    made = whole(loop(body, rounds=LiteralValue(9), carry=CARRY), n=Ref("loop", "n"))
    with pytest.raises(LimitReached):
        await run_graph(made, {}, session(ECHO, anytime=False))


async def test_draws_differ_between_rounds_and_elements_and_repeat_with_the_seed() -> None:
    body = graph(call("drawn", draw, {}), outputs={"x": Ref("drawn")}, types={"x": list})
    prompts = Prompts.of(Prompt(text=text) for text in "abc")
    each = EachStep("loop", "loop", PLACE, frozenset(), variable="p", over=LiteralValue(prompts), element=Prompt, body=body)
    made = graph(each, outputs={"x": Ref("loop", "x")}, types={"x": list})
    first, again, other = [(await run_graph(made, {}, session(ECHO, seed=seed)))["x"] for seed in (1, 1, 2)]
    assert len(set(first)) == 3
    assert first == again
    assert not set(first) & set(other)


async def test_outputs_of_elements_are_joined_in_element_order() -> None:
    @node()
    async def shout(inputs: Word, params: Nothing, context: Context) -> Words:
        """Make a prompt louder."""
        return Words(prompts=Prompts.of([context.new_prompt(inputs.prompt.text.upper(), inputs.prompt)]))

    body = graph(call("loud", shout, {"prompt": Ref("p")}), outputs={"all": Ref("loud")}, types={"all": Prompts})
    prompts = Prompts.of(Prompt(text=text) for text in ("a", "b", "A"))
    each = EachStep("loop", "loop", PLACE, frozenset(), variable="p", over=LiteralValue(prompts), element=Prompt, body=body)
    made = graph(each, outputs={"all": Ref("loop")}, types={"all": Prompts})
    result = (await run_graph(made, {}, session(ECHO)))["all"]
    assert [prompt.text for prompt in result.items] == ["A", "B"]


async def test_round_is_the_number_of_the_innermost_loop_from_one() -> None:
    body = graph(call("next", add, {"left": Ref("n"), "right": Ref("round")}), outputs={}, types={})
    inner = loop(body, rounds=LiteralValue(3), carry={"n": Carry(int, Ref("m"), Ref("next"))}, numbered=True)
    outer = graph(inner, call("sum", add, {"left": Ref("loop", "n"), "right": Ref("round")}, "loop"), outputs={}, types={})
    around = RepeatStep(
        "outer", "outer", PLACE, frozenset(), rounds=LiteralValue(2), variable=None, until=(),
        carry={"m": Carry(int, LiteralValue(0), Ref("sum"))}, body=outer, numbered=True,
    )  # fmt: skip
    made = graph(around, outputs={"m": Ref("outer", "m")}, types={"m": int})
    assert await run_graph(made, {}, session(ECHO)) == {"m": (1 + 2 + 3 + 1) + (1 + 2 + 3 + 2)}


async def test_a_list_grows_by_one_value_a_round(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("""\
promptwire: 1
inputs: {seed: Prompts, train: Examples}
nodes:
  loop:
    repeat: 3
    carry: {trail: {type: List, next: [$trail, $round]}, both: {start: [0], next: [$both, $trail]}}
    nodes: {again: {use: dedupe, prompts: $seed}}
outputs: {prompt: $seed, trail: $loop.trail, both: $loop.both}
""")
    run = await search(tmp_path / "p.yaml", model(), numbers(1))
    assert (run.outputs["trail"], run.outputs["both"]) == ([1, 2, 3], [0, 1, 1, 2])


async def test_a_state_hides_the_value_that_it_starts_with() -> None:
    carry = {"n": Carry(int, Ref("n"), Ref("next"))}
    first = call("n", add, {"left": LiteralValue(5)})
    made = graph(
        first,
        loop(COUNT, rounds=LiteralValue(3), carry=carry),
        outputs={"n": Ref("loop", "n"), "m": Ref("n")},
        types={"n": int, "m": int},
    )
    made = replace(made, steps={**made.steps, "loop": replace(made.steps["loop"], needs=frozenset({"n"}))})
    assert await run_graph(made, {}, session(ECHO)) == {"n": 8, "m": 5}
