"""Same seed, same run: the result does not depend on the order of responses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promptwire.backend import Request
from promptwire.backends.planted import reply
from promptwire.backends.scripted import request_text
from promptwire.tasks.task import Task, load_task
from promptwire.values import Examples
from promptwire.values.hashing import digest
from tests.pipelines.search_runs import model, search

SMALL: dict[str, dict[str, Any]] = {
    "ape": {"rounds": 1, "n": 4, "first": 4, "scored_on": 20},
    "protegi": {"rounds": 2, "pulls": 120},
    "opro": {"steps": 3, "scored_on": 12},
    "pe2": {"steps": 2, "tried_on": 12},
    "copro": {"breadths": [3, 4, 4]},
    "evoprompt-ga": {"steps": 3, "induced": 3, "scored_on": 8},
    "evoprompt-de": {"steps": 3, "induced": 3, "scored_on": 8},
    "ape-protegi-opro": {"rounds": 2, "scored_on": 12},
    "erm": {"rounds": 2, "batch": 12},
    "relay": {"pulls": 120, "scored_on": 12},
    "capo": {"steps": 3, "population": 4, "induced": 3, "block": 6, "blocks": 2},
    "critique-crossover": {"steps": 3, "tried_on": 8, "scored_on": 8},
    "textgrad": {"updates": 3},
    "gepa": {"rounds": 6},
    "textgrad-momentum": {"updates": 3},
    "miprov2": {"sets": 3, "scored_on": 8, "minibatch": 4, "trials": [2, 1]},
    "promptagent": {"iterations": 2, "width": 2, "depth": 2, "scored_on": 8},
    "promptbreeder": {"population": 5, "generations": 2, "batch_size": 6},
    "promptwizard": {"iterations": 1, "requests": 2},
    "promptwizard-repaired": {"iterations": 1, "requests": 2},
    "random-search": {"n": 4, "pulls": 60},
    "spo": {"rounds": 3},
    "ampo": {"rounds": 2},
}


def parcels() -> Task:
    """The planted task, smaller."""
    task = load_task("planted")
    items = task.train.items
    return task.model_copy(update={"train": Examples(items=items[:24]), "dev": Examples(items=items[24:36])})


async def once(pipeline: str, folder: Path, salt: str, seed: int = 0) -> tuple[str, list[str], int]:
    """The prompt, the lines of values.jsonl without counter and times, sorted, and the number of calls."""

    def delay(request: Request) -> float:
        return int(digest([salt, request_text(request)], 4), 16) % 7 / 1000

    # Few slots, so that the order of answers differs and not only their times.
    asked = model(reply, latency=delay, parallel=16, batches=salt < "b")
    run = await search(pipeline, asked, parcels(), seed=seed, params=SMALL[pipeline], folder=folder / salt)
    rows = [json.loads(line) for line in (folder / salt / "run" / "values.jsonl").read_text(encoding="ascii").splitlines()]
    return run.prompt.text, sorted(json.dumps({**row, "n": 0, "t": 0}, sort_keys=True) for row in rows), asked.completions


@pytest.mark.heavy
@pytest.mark.parametrize("pipeline", SMALL)
async def test_two_runs_with_different_delays_give_the_same_bytes(pipeline: str, tmp_path: Path) -> None:
    first, second = [await once(pipeline, tmp_path, salt) for salt in ("a", "b")]
    assert first == second
    assert first[1] != (await once(pipeline, tmp_path, "c", seed=1))[1]
