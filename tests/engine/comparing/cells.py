"""Results of cells for tests, made of values in place of runs."""

from __future__ import annotations

import random
from dataclasses import replace

from promptwire.comparing.cell_results import CellResult
from promptwire.comparing.curves import Curve, CurvePoint
from promptwire.comparing.table import ComparisonTable, make_table
from tests.page_runs import HOSTILE

NAME = "mine </script><img src=x onerror='window.hit=3'> @title@"
"""Name of an optimizer that breaks a page which takes it for markup."""


def result(row: str, seed: int = 0, *, task: str = "mood", right: float = 0.5, n: int = 60, initial: float = 0.3) -> CellResult:
    """A run whose best prompt answers the share `right` of `n` examples, but for noise, and the initial one the share `initial`."""
    base = random.Random(f"{task}")
    hard = [base.random() for _ in range(n)]
    noise = random.Random(f"{row} {task} {seed}")
    best = {f"e{place}": float((one < right) != (noise.random() < 0.1)) for place, one in enumerate(hard)}
    return CellResult(
        row,
        task,
        seed,
        "finished",
        run=f"runs/{row}-{task}-{seed}",
        metric="exact",
        prompt=f"{row}'s prompt",
        initial={f"e{place}": float(one < initial) for place, one in enumerate(hard)},
        best=best,
        fingerprint="same",
        calls_alone=100,
        calls_new=60,
        usd=0.25,
        seconds=2.0,
    )


def world(rows: dict[str, float], *, tasks: tuple[str, ...] = ("mood",), seeds: int = 3) -> list[CellResult]:
    """Runs of each row, by the share that its best prompts answer right."""
    return [result(row, seed, task=task, right=right) for row, right in rows.items() for task in tasks for seed in range(seeds)]


def curve(
    row: str, seed: int, *steps: tuple[int, float], task: str = "mood", end: int | None = None, priced: bool = True
) -> Curve:
    """A curve with a better prompt after each number of calls, which ends after `end` calls."""
    points = tuple(
        CurvePoint(
            score=score, examples=24, calls=calls, tokens=calls * 50, usd=calls / 1000 if priced else None, seconds=calls / 10
        )
        for calls, score in steps
    )
    last = points[-1].model_copy(update={"calls": end or points[-1].calls})
    return Curve(row=row, task=task, seed=seed, points=points, end=last, heldout=points[-1].score - 0.05)


def hostile_table() -> ComparisonTable:
    """Two tasks; a row, its prompts and an error are hostile texts; a cell is missing."""
    results = world({"random-search": 0.35, "mine": 0.9}, tasks=("mood", "sums"), seeds=3)
    results = [replace(one, row=NAME if one.row == "mine" else one.row) for one in results]
    results = [replace(one, prompt=f"{one.row}: say it. {HOSTILE}", initial_prompt=f"Say it. {HOSTILE}") for one in results]
    results = [*results[:-1], replace(results[-1], best={}, initial={}, state="failed", why=f"gone {HOSTILE}")]
    known = [curve(one.row, one.seed, (10 + one.seed, 0.3), (40, 0.6), task=one.task) for one in results if one.best]
    return make_table(results).model_copy(update={"curves": tuple(known)})
