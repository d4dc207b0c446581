"""Adds to a plan how many of its steps wait for one another's calls."""

from __future__ import annotations

from promptwire.graph.steps import Graph
from promptwire.limits import Limits
from promptwire.planning.plan import Plan
from promptwire.results.report import REPORT

__all__ = ["with_chain"]


def with_chain(plan: Plan, graph: Graph, limits: Limits) -> Plan:
    """`plan` with the longest chain of steps that call a model, and of the comparison after them, in a run with `limits`."""
    from promptwire.networks.waits import longest_chain  # noqa: PLC0415 - networkx, which a run does not need

    paths = {row.path for row in plan.steps}
    chain = longest_chain(graph, lambda step: step.path in paths, unlimited=not limits.budgeted)
    compared = REPORT in paths
    text = " → ".join(filter(None, (chain.text, REPORT if compared else "")))
    return plan.model_copy(update={"chain": chain.calls + compared, "chain_text": text})
