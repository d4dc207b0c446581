"""`plan`: what a run would ask at most, before anything is spent."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptwire.commands.arguments import Json, Params, Patches, Pipeline, Plugins, pairs

if TYPE_CHECKING:
    from promptwire.planning.plan import Plan, StepPlan

__all__ = ["plan"]

FREE = ("local", "scripted")
"""Models that run here, by the word before the colon."""


def plan(
    pipeline: Pipeline,
    task: Annotated[str, typer.Option(help="A shipped task, a task file, a folder with train.jsonl, or a data file.")],
    model: Annotated[
        list[str] | None, typer.Option(metavar="[ROLE=]NAME", help="The models that would run it; nothing is asked of them.")
    ] = None,
    param: Params = None,
    patch: Patches = None,
    prompt: Annotated[str | None, typer.Option(help="The prompt to start from, instead of the task's.")] = None,
    metric: Annotated[str | None, typer.Option(help="How answers are scored, instead of the task's way.")] = None,
    labels: Annotated[str | None, typer.Option(help="Possible answers, comma-separated, for the metric `choice`.")] = None,
    template: Annotated[str | None, typer.Option(help="Task template that joins prompt and input.")] = None,
    plugins: Plugins = None,
    json_: Json = False,
) -> None:
    """Say what a run asks at most, step by step, before anything is spent."""
    from promptwire.language.check import load_graph
    from promptwire.planning.plan import plan as reckon
    from promptwire.task import load_task

    graph = load_graph(pipeline, params=pairs(param, "-p"), sets=pairs(patch, "--set"))
    changes: dict[str, Any] = {"prompt": prompt, "metric": metric, "template": template}
    changes["labels"] = labels.split(",") if labels else None
    found = reckon(graph, load_task(task, {key: value for key, value in changes.items() if value is not None}))
    if json_:
        sys.stdout.write(found.model_dump_json() + "\n")
    else:
        _print(found, _price(model))


def _print(plan: Plan, price: str) -> None:
    sys.stdout.write(f"{plan.pipeline} on {plan.task}: {_calls(plan.total)} calls, {price}\n\n")
    head = ("step", "node", "calls", "model", "tokens read")
    rows = [(step.path, step.node, _calls(step), step.model or "", _tokens(step)) for step in (*plan.steps, plan.total)]
    # Plain lines and no table of Rich, which would fold long paths on a narrow terminal.
    width = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        line = "  ".join(cell.rjust(width[2]) if place == 2 else cell.ljust(width[place]) for place, cell in enumerate(row))
        sys.stdout.write(line.rstrip() + "\n")
    sys.stdout.write("\n")
    if plan.limit is not None:
        sys.stdout.write(f"The pipeline's own limit ends it after {plan.limit:,} calls.\n")
    for note in plan.notes:
        sys.stdout.write(f"{note}\n")
    sys.stdout.write("A call is one answer; those in the cache are counted and cost nothing. `at most`: replies decide.\n")
    sys.stdout.write("Tokens are those read to score, a rough guess from the length of the first prompt.\n")


def _calls(step: StepPlan) -> str:
    if step.most is None:
        return "unknown"
    return f"{step.most:,}" if step.exact else f"at most {step.most:,}"


def _tokens(step: StepPlan) -> str:
    return "" if step.tokens_in is None else f"~{step.tokens_in:,}"


def _price(models: list[str] | None) -> str:
    """What is known of the price. A guess would be worse than none."""
    names = [part.partition("=")[2] or part for item in models or () for part in item.split(",")]
    return "free of charge" if names and all(name.partition(":")[0] in FREE for name in names) else "price unknown"
