"""A graph of nodes that do nothing: check, plan and run, and the run once more with its trace in a folder."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench.scaling.meter import Meter
from promptwire.backends.scripted import ScriptedBackend
from promptwire.documents.yaml_reader import read_yaml
from promptwire.language.check import load_graph
from promptwire.node import Context, node
from promptwire.planning.plan import make_plan
from promptwire.running.scheduler import run_graph
from promptwire.values import Model
from tests.engine.sample_session import session

__all__ = ["SIZES", "UNIT", "graph_text", "measure", "noop"]

UNIT = "node"
SIZES = (100, 1_000, 10_000)
WIDTH = 10
"""Nodes that can run at the same time."""


class Value(Model):
    """A number that is passed on."""

    value: int = 0
    """The number."""


class Nothing(Model):
    """No params."""


@node()
async def noop(inputs: Value, params: Nothing, context: Context) -> Value:
    """Pass a number on."""
    return Value(value=inputs.value)


def graph_text(nodes: int, width: int = WIDTH) -> str:
    """A pipeline of `width` chains of nodes."""
    lines = [f"  n{place}: {{use: noop, value: {f'$n{place - width}' if place >= width else 1}}}" for place in range(nodes)]
    ends = [f"  o{place}: $n{place}" for place in range(max(0, nodes - width), nodes)]
    return "\n".join(["promptwire: 1", "nodes:", *lines, "outputs:", *ends]) + "\n"


def measure(meter: Meter, folder: Path) -> None:
    """Measure a graph of `meter.size` nodes."""
    backend, types = ScriptedBackend(lambda request, key: ""), {"noop": noop}
    path = folder / "warm.yaml"
    path.write_text(graph_text(20))
    small = load_graph(path, types=types)  # what a first use alone costs is no cost of a node
    make_plan(small, session(backend).task)
    asyncio.run(run_graph(small, {}, session(backend)))
    path = folder / "large.yaml"
    path.write_text(graph_text(meter.size))
    with meter("read YAML"):
        read_yaml(path)
    with meter("check, after reading"):
        graph = load_graph(path, types=types)
    silent, traced = session(backend), session(backend, folder=folder)
    with meter("plan"):
        make_plan(graph, silent.task)
    with meter("run"):
        asyncio.run(run_graph(graph, {}, silent))
    with meter("run with a trace"):
        asyncio.run(run_graph(graph, {}, traced))
        traced.trace.close()
