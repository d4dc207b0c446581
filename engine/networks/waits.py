"""Calls in a chain: how many steps that call a model wait for one another.

All independent calls are in flight together, so a run takes about as long as this chain. The calls of one step count as one.
Where the run has no limit, rounds of a loop overlap; see `promptwire.running.overlapping`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from promptwire.graph.networks import networkx
from promptwire.graph.overlap import can_overlap
from promptwire.graph.steps import CallStep, EachStep, Graph, LiteralValue, PipeStep, Ref, RepeatStep, Step, Wire
from promptwire.networks.round_chain import Chain, overlapping_chain

__all__ = ["Chain", "longest_chain"]


def longest_chain(
    graph: Graph,
    calls: Callable[[CallStep], bool],
    *,
    params: Mapping[str, Any] | None = None,
    unlimited: bool = False,
) -> Chain:
    """The longest chain of `graph`. `calls` says whether a step calls a model; `params` are known values, by name.

    `unlimited` says that no limit may be reached, so that rounds overlap.
    """
    known = {**graph.params, **(params or {})}
    chains = {name: _chain(step, calls, known, unlimited) for name, step in graph.steps.items()}
    return _longest(graph, chains)


def _longest(graph: Graph, chains: Mapping[str, Chain]) -> Chain:
    """The longest path through `graph`, whose steps have these chains."""
    network: networkx.DiGraph[str] = networkx.DiGraph()
    network.add_node("")  # the start: edges carry the weight of the step where they end
    for name, step in graph.steps.items():
        for need in ("", *sorted(need for need in step.needs if need in chains)):
            network.add_edge(need, name, weight=chains[name].calls)
    path = networkx.dag_longest_path(network, weight="weight") if chains else []
    parts = [chains[name] for name in path if name and chains[name].calls]
    return Chain(sum(part.calls for part in parts), " → ".join(part.text for part in parts))


def _chain(step: Step, calls: Callable[[CallStep], bool], known: Mapping[str, Any], unlimited: bool) -> Chain:
    if isinstance(step, CallStep):
        return Chain(1, step.name) if calls(step) else Chain()
    if isinstance(step, EachStep):
        return longest_chain(step.body, calls, params=known, unlimited=unlimited)
    if isinstance(step, PipeStep):
        given = {name: _value(wire, known) for name, wire in step.params.items()}
        found = longest_chain(step.graph, calls, params=given, unlimited=unlimited and not step.limits)
        return Chain(found.calls, f"{step.name} ({found.text})") if found.calls else found
    if not isinstance(step, RepeatStep):
        raise TypeError(f"unknown step {step!r}")
    rounds = _value(step.rounds, known)
    number = rounds if isinstance(rounds, int) else len(rounds or ())
    chains = {name: _chain(one, calls, known, unlimited) for name, one in step.body.steps.items()}
    inner = _longest(step.body, chains)
    if not number or not inner.calls:
        return Chain()
    if number > 1 and unlimited and can_overlap(step):
        return overlapping_chain(step, chains, number)
    return Chain(number * inner.calls, inner.text if number == 1 else f"{number} × ({inner.text})")


def _value(wire: Wire, known: Mapping[str, Any]) -> Any:
    """Value of a setting; None for a loop variable, which has another value in each round."""
    if isinstance(wire, LiteralValue):
        return wire.value
    return known.get(wire.name) if isinstance(wire, Ref) else None
