"""Calls in a chain: how many steps that call a model wait for one another.

All independent calls are in flight together, so a run takes about as long as this chain. The calls of one step count as one. A
loop counts its rounds as if each began when the one before is complete; rounds that overlap make a run shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from promptwire.graph.networks import networkx
from promptwire.graph.steps import CallStep, EachStep, Graph, LiteralValue, PipeStep, Ref, RepeatStep, Step, Wire

__all__ = ["Chain", "longest_chain"]


@dataclass(frozen=True, slots=True)
class Chain:
    """The longest chain of steps that wait for one another's calls."""

    calls: int = 0
    """Steps of the chain, counted as often as they run."""
    text: str = ""
    """The chain in words, such as `first → 6 × (ideas → scores)`. An inner pipeline is named before its steps."""


def longest_chain(graph: Graph, calls: Callable[[CallStep], bool], params: Mapping[str, Any] | None = None) -> Chain:
    """The longest chain of `graph`. `calls` says whether a step calls a model; `params` are known values, by name."""
    known = {**graph.params, **(params or {})}
    chains = {name: _chain(step, calls, known) for name, step in graph.steps.items()}
    network: networkx.DiGraph[str] = networkx.DiGraph()
    network.add_node("")  # the start: edges carry the weight of the step where they end
    for name, step in graph.steps.items():
        for need in ("", *sorted(need for need in step.needs if need in chains)):
            network.add_edge(need, name, weight=chains[name].calls)
    path = networkx.dag_longest_path(network, weight="weight") if chains else []
    parts = [chains[name] for name in path if name and chains[name].calls]
    return Chain(sum(part.calls for part in parts), " → ".join(part.text for part in parts))


def _chain(step: Step, calls: Callable[[CallStep], bool], known: Mapping[str, Any]) -> Chain:
    if isinstance(step, CallStep):
        return Chain(1, step.name) if calls(step) else Chain()
    if isinstance(step, EachStep):
        return longest_chain(step.body, calls, known)
    if isinstance(step, PipeStep):
        given = {name: _value(wire, known) for name, wire in step.params.items()}
        found = longest_chain(step.graph, calls, given)
        return Chain(found.calls, f"{step.name} ({found.text})") if found.calls else found
    if not isinstance(step, RepeatStep):
        raise TypeError(f"unknown step {step!r}")
    rounds = _value(step.rounds, known)
    number = rounds if isinstance(rounds, int) else len(rounds or ())
    inner = longest_chain(step.body, calls, known)
    text = inner.text if number == 1 else f"{number} × ({inner.text})"
    return Chain(number * inner.calls, text) if number and inner.calls else Chain()


def _value(wire: Wire, known: Mapping[str, Any]) -> Any:
    """Value of a setting; None for a loop variable, which has another value in each round."""
    if isinstance(wire, LiteralValue):
        return wire.value
    return known.get(wire.name) if isinstance(wire, Ref) else None
