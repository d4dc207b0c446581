"""What nodes and metrics are written with: the one module that a plug-in imports of promptwire.

    from promptwire.authoring import Context, Model, Prompts, metric, node

The contract is that of the built-in nodes, and stands beside the things themselves: `promptwire.node` for nodes,
`promptwire.metrics.metric` for metrics, `promptwire.values` for what travels, `promptwire.bounds` for what a plan can know.
"""

from __future__ import annotations

from promptwire.bounds import NONE, ONE, UNKNOWN, Bound, Extent, Sizes
from promptwire.errors import NodeError
from promptwire.metrics.metric import metric
from promptwire.node import Context, Reply, node
from promptwire.values import Critique, Critiques, Example, Examples, Failures, History, Model, Prompt, Prompts, Scores

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
    "Model",
    "NodeError",
    "Prompt",
    "Prompts",
    "Reply",
    "Scores",
    "Sizes",
    "metric",
    "node",
]
