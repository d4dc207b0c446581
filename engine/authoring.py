"""Names for writing nodes and metrics: the only promptwire module that a plug-in imports.

    from promptwire.authoring import Context, Model, Prompts, metric, node

The contract is that of the built-in nodes. See `promptwire.node` for nodes, `promptwire.metrics.metric` for metrics,
`promptwire.values` for the values on ports, and `promptwire.bounds` for bounds in a plan.
"""

from __future__ import annotations

from promptwire.bounds import NONE, ONE, UNKNOWN, Bound, Extent, Sizes
from promptwire.errors import NodeError
from promptwire.metrics.metric import metric
from promptwire.node import Context, Reply, node
from promptwire.stats.prompt_score import score_of
from promptwire.values import Critique, Critiques, Example, Examples, Failures, History, Members, Model, Prompt, Prompts, Scores

__all__ = [
    "NONE",
    "ONE",
    "UNKNOWN",
    "Bound",
    "Context",
    "Critique",
    "Critiques",
    "Example",
    "Examples",
    "Extent",
    "Failures",
    "History",
    "Members",
    "Model",
    "NodeError",
    "Prompt",
    "Prompts",
    "Reply",
    "Scores",
    "Sizes",
    "metric",
    "node",
    "score_of",
]
