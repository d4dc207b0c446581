"""No shipped pipeline waits for a request that its algorithm does not ask for, and no slot is empty while one waits."""

from __future__ import annotations

import math

import pytest
from waits import CHAINS, FEW, busy

from promptwire.documents import resources


def test_every_shipped_pipeline_that_can_run_says_what_it_waits_for() -> None:
    assert set(CHAINS) == {name for name in resources.pipelines() if not name.endswith("-expand")}


@pytest.mark.parametrize("pipeline", CHAINS)
def test_a_search_is_hardly_longer_than_the_chain_of_its_algorithm_and_fills_its_slots(pipeline: str) -> None:
    free, few = busy(pipeline), busy(pipeline, FEW)
    assert free.search <= 1.3 * CHAINS[pipeline].own
    assert free.comparison <= 1
    assert few.requests == free.requests
    assert few.peak == min(FEW, free.peak)
    # Graham's bound of a schedule in which no slot is empty while a request waits for one.
    assert few.length <= free.length + math.ceil(few.requests / FEW)
