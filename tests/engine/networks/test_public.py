"""`promptwire.to_networkx` of a pipeline and of a run."""

from __future__ import annotations

import networkx
import pytest

import promptwire
from promptwire.errors import PipelineError, UsageError


def test_a_pipeline_becomes_a_graph_with_its_params() -> None:
    found = promptwire.to_networkx("opro", params={"steps": "7"})
    assert isinstance(found, networkx.MultiDiGraph)
    assert found.nodes["search"]["type"] == "repeat $steps = 7, until $flat"


@pytest.mark.parametrize(("name", "params", "error"), [("opra", {}, UsageError), ("opro", {"stepz": 1}, PipelineError)])
def test_what_is_no_pipeline_is_an_error(name: str, params: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        promptwire.to_networkx(name, params=params)
