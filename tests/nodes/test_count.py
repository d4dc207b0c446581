"""count tells how many members a set has."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.nodes.count import Inputs, Params, count
from promptwire.values import History
from tests.nodes.fake import FakeContext, examples, prompts


@pytest.mark.parametrize(("of", "n"), [(prompts(), 0), (prompts("a"), 1), (examples(3), 3), (["x", "y"], 2), (History(), 0)])
async def test_number_and_both_answers(of: Any, n: int) -> None:
    found = await count.run(Inputs(of=of), Params(), FakeContext())
    assert (found.n, found.some, found.none) == (n, n > 0, n == 0)
