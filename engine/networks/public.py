"""The public function that gives a pipeline or a run as a networkx graph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptwire.language.check import load_graph
from promptwire.networks.lineage import make_lineage
from promptwire.networks.pipeline import make_network
from promptwire.results.run import Run

if TYPE_CHECKING:
    from promptwire.networks.formats import AnyNetwork

__all__ = ["to_networkx"]


def to_networkx(
    of: str | Path | Run, *, params: Mapping[str, Any] | None = None, patches: Mapping[str, Any] | None = None
) -> AnyNetwork:
    """A pipeline as a networkx graph of its steps and wires, or a `Run` as the graph of its prompts and their parents.

    `of` is a shipped pipeline's name, a file, or a Run. `params` and `patches` are the values of `-p` and `--set`. Attributes
    are texts, numbers and truth values. Raises PipelineError and UsageError.
    """
    if isinstance(of, Run):
        return make_lineage(of)
    return make_network(load_graph(of, params=params, patches=patches))
