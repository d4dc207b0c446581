"""solved splits examples by whether the scored prompts answer them right."""

from __future__ import annotations

import pytest

from promptwire.bounds import Extent, Sizes
from promptwire.nodes.solved import Inputs, Params, bound, solved
from promptwire.values import Scores
from tests.nodes.fake import FakeContext, examples, scores

TABLE = scores({"a": [1.0, 1.0, 0.0, None], "b": [1.0, 0.0, 0.0, None]})


@pytest.mark.parametrize(
    ("table", "threshold", "kept"),
    [
        (TABLE, None, ["in 0"]),
        (TABLE, 0.5, ["in 0", "in 1"]),
        (TABLE, 0.0, ["in 0", "in 1", "in 2"]),
        (Scores(), 0.0, []),
        (scores({"a": [1.0, 0.0]}, perfect=None), None, []),
    ],
)
async def test_an_example_is_kept_by_the_mean_of_its_values(table: Scores, threshold: float | None, kept: list[str]) -> None:
    context = FakeContext()
    given = examples(4)
    found = await solved.run(Inputs(examples=given, scores=table), Params(threshold=threshold), context)
    assert [example.text for example in found.examples.items] == kept
    assert sorted([*found.examples.items, *found.rest.items], key=str) == list(given.items)
    assert context.counts["not solved"] == 4 - len(kept)
    promised = bound(Sizes({"examples": Extent.exactly(4)}), Params()).outputs
    assert all(len(part) <= promised[name].most for name, part in (("examples", found.examples), ("rest", found.rest)))
