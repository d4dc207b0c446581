"""The search baseline of a matrix: `random-search` with as many task calls as the optimizers make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from promptwire.language.check import load_graph
from promptwire.planning.plan import make_plan
from promptwire.results.report import REPORT
from promptwire.sweeps.matrix import BASELINE, Block, Cell, cells_of, row_name
from promptwire.tasks.given_task import task_of

__all__ = ["with_baseline"]

_SCORED_ON: Final = 100
"""Most training examples on which the baseline scores a paraphrase, by its default."""


def with_baseline(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """`cells` and those of the baseline, unless a row is one already.

    On each task it makes the most task calls that an optimizer's search may make there, so that it is no cheaper: as many
    paraphrases as these calls can score. Where the number is not known, the baseline's defaults hold.
    """
    if not cells or any(cell.row.split()[0] == BASELINE for cell in cells):
        return tuple(cells)
    seeds = sorted({cell.seed for cell in cells})
    beside: dict[tuple[str, str], list[Block]] = {}
    for cell in cells:
        if cell.seed == cells[0].seed:
            beside.setdefault((cell.task_name, cell.model), []).append(cell.block)
    made = [_baseline(blocks) for blocks in beside.values() if _is_valued(blocks[0])]
    return (*cells, *(cell for block in made for cell in cells_of([block], seeds)))


def _is_valued(block: Block) -> bool:
    """Whether the metric of the task gives values; without them there is nothing to search by."""
    return task_of(block.task, block.options.task).load_metric().valued


def _baseline(blocks: Sequence[Block]) -> Block:
    """The block of the baseline beside `blocks`, those of all optimizers on one task with one model."""
    first = blocks[0]
    options = first.options.model_copy(update={"params": _params(blocks), "patches": {}})
    return replace(first, row=row_name(BASELINE, first.model), pipeline=BASELINE, options=options)


def _params(blocks: Sequence[Block]) -> dict[str, str]:
    """Params of the baseline beside `blocks`, one for each optimizer."""
    options = blocks[0].options
    task = task_of(blocks[0].task, options.task)
    each, calls = min(_SCORED_ON, len(task.train)), []
    for block in blocks:
        graph = load_graph(block.pipeline, params=block.options.params, patches=block.options.patches)
        steps = make_plan(graph, task).steps
        mine = [step.most for step in steps if step.model == "task" and step.path != REPORT]
        if None in mine:
            return {}
        calls.append(sum(one for one in mine if one is not None))
    pulls, limit = max(calls), options.limits.get("calls")
    if limit is not None:
        # A paraphrase costs a call itself. The held-out comparison has its share of the limit.
        pulls = min(pulls, (int(limit) - 2 * len(task.test) * options.repeats) * each // (each + 1))
    pulls = max(pulls, each)
    return {"n": str(max(1, pulls // each)), "pulls": str(pulls)}
