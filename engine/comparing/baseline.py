"""The search baseline of a comparison: `random-search` with as many task calls as the optimizers make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from promptwire.language.check import load_graph
from promptwire.options import Options
from promptwire.planning.plan import make_plan
from promptwire.results.report import REPORT
from promptwire.sweeps.matrix import BASELINE, Cell, Row, make_matrix, task_name
from promptwire.tasks.given_task import task_of

__all__ = ["with_baseline"]

_SCORED_ON: Final = 100
"""Most training examples on which the baseline scores a paraphrase, by its default."""


def with_baseline(cells: Sequence[Cell], options: Options) -> tuple[Cell, ...]:
    """`cells` and those of the baseline, unless a row is one already.

    On each task it makes the most task calls that an optimizer's search may make there, so that it is no cheaper: as many
    paraphrases as these calls can score. Where the number is not known, the baseline's defaults hold.
    """
    if any(cell.row.split()[0] == BASELINE for cell in cells):
        return tuple(cells)
    seeds = sorted({cell.seed for cell in cells})
    own = options.model_copy(update={"params": {}, "patches": {}})
    found = list(cells)
    for name, task in {task_name(cell.task): cell.task for cell in cells}.items():
        if not task_of(task, options.task).load_metric().valued:  # there is nothing to search by
            continue
        first = [cell for cell in cells if task_name(cell.task) == name and cell.seed == seeds[0]]
        row = Row(BASELINE, BASELINE, _params(first, options))
        found += [replace(cell, row=BASELINE) for cell in make_matrix([row], [task], seeds, own)]
    return tuple(found)


def _params(cells: Sequence[Cell], options: Options) -> tuple[tuple[str, str], ...]:
    """Params of the baseline on the task of `cells`, one for each optimizer."""
    task = task_of(cells[0].task, options.task)
    each, calls = min(_SCORED_ON, len(task.train)), []
    for cell in cells:
        graph = load_graph(cell.pipeline, params=cell.options.params, patches=cell.options.patches)
        steps = make_plan(graph, task).steps
        mine = [step.most for step in steps if step.model == "task" and step.path != REPORT]
        if None in mine:
            return ()
        calls.append(sum(one for one in mine if one is not None))
    pulls, limit = max(calls), options.limits.get("calls")
    if limit is not None:
        # A paraphrase costs a call itself. The held-out comparison has its share of the limit.
        pulls = min(pulls, (int(limit) - 2 * len(task.test) * options.repeats) * each // (each + 1))
    pulls = max(pulls, each)
    return (("n", str(max(1, pulls // each))), ("pulls", str(pulls)))
