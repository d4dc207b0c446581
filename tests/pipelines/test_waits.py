"""No shipped pipeline waits for a request that its algorithm does not ask for, and no slot is empty while one waits."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from busy_replies import numbers
from waits import CHAINS, FEW, busy

from promptwire.documents import resources
from promptwire.limits import Limits
from tests.pipelines.search_runs import mixed, model, search


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


@pytest.mark.parametrize("pipeline", ["promptagent", "miprov2", "protegi", "promptwizard"])
@pytest.mark.parametrize("seed", [0, 1])
async def test_what_starts_early_without_limits_changes_neither_values_nor_requests(
    pipeline: str, seed: int, tmp_path: Path
) -> None:
    found = []
    for name, limits in (("early", None), ("in turn", Limits(calls=10**9))):
        asked = model(mixed)
        run = await search(
            pipeline,
            asked,
            numbers(24, dev=12),
            seed=seed,
            params=CHAINS[pipeline].params,
            limits=limits,
            folder=tmp_path / name,
        )
        values = sorted(json.dumps(row, sort_keys=True) for row in run.values)
        found.append((run.prompt.text, values, sorted(map(str, asked.requests)), sorted(run.session.counts.items())))
    assert found[0] == found[1]
