"""The expected optimism is the lead of the best of equal candidates."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from promptwire.stats.optimism import expected_optimism
from promptwire.values.hashing import stream


def equal_candidates(count: int, examples: int, seed: int) -> list[dict[str, float]]:
    rng = random.Random(seed)
    return [{str(example): float(rng.random() < 0.5) for example in range(examples)} for _ in range(count)]


@pytest.mark.parametrize(("count", "examples"), [(4, 100), (16, 24), (50, 40)])
def test_it_agrees_with_the_lead_of_the_best_of_equal_candidates(count: int, examples: int) -> None:
    worlds = [equal_candidates(count, examples, seed) for seed in range(30)]
    leads = [max(sum(table.values()) / examples for table in world) - 0.5 for world in worlds]
    found = [expected_optimism(world) or 0.0 for world in worlds[:3]]
    assert sum(found) / len(found) == pytest.approx(sum(leads) / len(leads), rel=0.12)


def test_candidates_that_answer_alike_give_no_optimism_beyond_chance() -> None:
    one = equal_candidates(1, 50, 0)[0]
    assert expected_optimism([one, dict(one), dict(one)]) == pytest.approx(0.0, abs=0.02)


def test_candidates_with_other_examples_are_compared_on_their_own() -> None:
    halves = [{f"{side}{place}": float(place % 2) for place in range(20)} for side in "ab"]
    found = expected_optimism(halves)
    assert found is not None and 0.02 < found < 0.12


def plainly(candidates: list[dict[str, float]]) -> float:
    """The definition, without anything that saves time."""
    examples = sorted({example for table in candidates for example in table})
    draws, found = max(20, min(400, 2_000_000 // sum(map(len, candidates)))), []
    random = stream("optimism", 0, len(candidates), len(examples))
    for _ in range(draws):
        drawn = Counter(random.choices(range(len(examples)), k=len(examples)))
        means = []
        for table in candidates:
            mean = math.fsum(table.values()) / len(table)
            scale = math.sqrt(len(table) / (len(table) - 1))
            known = sorted(table)
            counts = [drawn[examples.index(example)] for example in known]
            values = [scale * (table[example] - mean) for example in known]
            total = sum(counts)
            means.append(sum(value * count for value, count in zip(values, counts, strict=True)) / total if total else 0.0)
        found.append(max(means))
    return max(0.0, math.fsum(found) / draws)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_definition_to_the_last_digit(seed: int) -> None:
    tables = equal_candidates(5, 12, seed)
    short = [
        {example: value for example, value in table.items() if int(example) % 3} for table in equal_candidates(3, 12, seed)
    ]
    candidates = [*tables, *short, dict(tables[0]), dict(reversed(tables[1].items())), {"0": 0.25, "99": 1 / 3}]
    assert expected_optimism(candidates) == plainly(candidates)


@pytest.mark.parametrize("candidates", [[], [{"a": 1.0, "b": 0.0}], [{"a": 1.0}, {"a": 0.0}]])
def test_it_is_unknown_without_two_scored_candidates(candidates: list[dict[str, float]]) -> None:
    assert expected_optimism(candidates) is None


def test_the_order_in_which_rows_arrive_changes_no_digit() -> None:
    rng = random.Random(5)
    worlds = [[{str(example): rng.random() for example in range(24)} for _ in range(3)] for _ in range(12)]
    turned = [[dict(reversed(table.items())) for table in world] for world in worlds]
    assert [expected_optimism(world) for world in worlds] == [expected_optimism(world) for world in turned]
