"""Results of cells for tests, made of values in place of runs."""

from __future__ import annotations

import random

from promptwire.comparing.cell_results import CellResult


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
