"""Streams: equal requests of different steps, elements and loops get different samples in any order of completion."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.backends.scripted import ScriptedBackend
from promptwire.language.check import load_graph
from promptwire.running.preflight import bind
from promptwire.running.scheduler import run_graph
from promptwire.running.session import Session
from promptwire.running.streams import SHARED
from tests.engine.sample_session import session

HEAD = """promptwire: 1
name: equal
doc: Equal questions.
inputs: {seed: Prompts, train: Examples}
nodes:
"""
VARY = "{use: resample, prompts: $seed, template: ape/resample.j2, n: 3}"
TWINS = f"  a: {VARY}\n  b: {VARY}\n"
CHAIN = """  a: {use: resample, prompts: $seed, template: ape/resample.j2, n: 3}
  none: {use: dedupe, prompts: $a, max_words: 1}
  same: {use: union, prompts: [$seed, $none]}
  b: {use: resample, prompts: $same, template: ape/resample.j2, n: 3}
"""
LOOPS = """  a:
    repeat: 1
    carry: {beam: {start: $seed, next: $made}}
    nodes: {made: {use: resample, prompts: $beam, template: ape/resample.j2, n: 3}}
  b:
    repeat: 1
    carry: {beam: {start: $seed, next: $made}}
    nodes: {made: {use: resample, prompts: $beam, template: ape/resample.j2, n: 3}}
"""
PIPES = "  a: {use: ./inner.yaml, seed: $seed}\n  b: {use: ./inner.yaml, seed: $seed}\n"
INNER = HEAD.replace(", train: Examples", "").replace("equal", "inner") + f"  made: {VARY}\noutputs: {{prompts: $made}}\n"
EACH = """  few: {use: sample, of: $train, n: 2}
  a:
    each: {one: $few}
    nodes: {made: {use: resample, prompts: $seed, template: ape/resample.j2, n: 3}}
    outputs: {prompts: $made}
"""
BY_ANOTHER_WAY = """  a: {use: resample, prompts: $seed, template: ape/resample.j2, n: 3}
  same: {use: union, prompts: $seed}
  b: {use: resample, prompts: $same, template: ape/resample.j2, n: 3}
"""


async def run(folder: Path, nodes: str, outputs: str, *, slow: str = "") -> tuple[dict[str, Any], Session, list[str]]:
    """Run a pipeline; return its outputs and the cache keys of its calls. With `slow`, the first request ends last."""
    (folder / "inner.yaml").write_text(INNER)
    (folder / "equal.yaml").write_text(HEAD + nodes + f"outputs: {outputs}\n")
    keys: list[str] = []

    def reply(request: Request, key: str) -> str:
        keys.append(key)
        return f"say {key[:8]}"

    model = ScriptedBackend(reply)
    run = session(model)
    if slow:
        ask = run.gateway.ask

        async def late(*args: Any, **rest: Any) -> Any:
            for _ in range(50 * (rest.get("node", "").startswith(slow))):
                await asyncio.sleep(0)
            return await ask(*args, **rest)

        run.gateway.ask = late  # type: ignore[method-assign]
    graph = load_graph(str(folder / "equal.yaml"))
    return await run_graph(graph, bind(graph, run.task), run), run, keys


def words(value: Any) -> list[str]:
    return [prompt.text for prompt in value.items]


@pytest.mark.parametrize(
    ("nodes", "ports"),
    [(TWINS, "$a $b"), (CHAIN, "$a $b"), (LOOPS, "$a.beam $b.beam"), (PIPES, "$a $b")],
    ids=["twin steps", "one after the other", "two loops", "a pipeline used twice"],
)
async def test_equal_requests_of_two_steps_get_different_samples(tmp_path: Path, nodes: str, ports: str) -> None:
    one, other = ports.split()
    found = []
    for slow in ("", "a", "b"):
        outputs, ran, keys = await run(tmp_path, nodes, f"{{one: {one}, other: {other}}}", slow=slow)
        assert len(set(keys)) == 6
        assert len({*words(outputs["one"]), *words(outputs["other"])}) == 6
        assert not [what for _, what in ran.counts if what == SHARED]
        found.append((words(outputs["one"]), words(outputs["other"])))
    assert found[0] == found[1] == found[2]


async def test_the_first_of_equal_requests_keeps_its_cache_key(tmp_path: Path) -> None:
    alone, _, _ = await run(tmp_path, f"  a: {VARY}\n", "{one: $a}")
    both, _, _ = await run(tmp_path, TWINS, "{one: $a, other: $b}")
    assert words(alone["one"]) == words(both["one"])


async def test_elements_with_equal_requests_get_different_samples(tmp_path: Path) -> None:
    outputs, ran, keys = await run(tmp_path, EACH, "{one: $a.prompts}")
    assert len(set(words(outputs["one"]))) == len(set(keys)) == 6
    assert not [what for _, what in ran.counts if what == SHARED]


async def test_equal_elements_get_different_samples(tmp_path: Path) -> None:
    nodes = """  tried: {use: evaluate, prompts: $seed, on: $train}
  groups: {use: failures, of: $tried, groups: 2, size: 6, policy: random}
  a:
    each: {case: $groups}
    nodes: {made: {use: critique-gradient, of: $case, template: protegi/gradient.j2}}
    outputs: {critiques: $made}
"""
    _, ran, keys = await run(tmp_path, nodes, "{one: $a.critiques, prompts: $seed}")
    critiques = ran.gateway.usage.of("a.made").new
    assert critiques == 2 and len(set(keys)) == len(keys)


async def test_equal_requests_made_in_different_ways_share_samples_and_are_counted(tmp_path: Path) -> None:
    found = []
    for slow in ("", "a", "b"):
        outputs, ran, keys = await run(tmp_path, BY_ANOTHER_WAY, "{one: $a, other: $b}", slow=slow)
        assert len(set(keys)) == 3
        found.append((words(outputs["one"]), words(outputs["other"]), ran.counts["a", SHARED], ran.counts["b", SHARED]))
    assert found[0] == found[1] == found[2]
    assert found[0][2:] == (3, 3)
