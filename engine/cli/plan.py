"""`plan`: what a run would ask at most and what that costs, before anything is spent."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from promptwire.cli.arguments import Json, Params, Patches, Pipeline, Plugins
from promptwire.cli.limit_flags import Limit
from promptwire.cli.run_options import changed, gathered, options_of

if TYPE_CHECKING:
    from promptwire.planning.plan import Plan, StepPlan

__all__ = ["in_short", "plan"]

LEFT = 2
"""Columns of names; those after them hold numbers and stand right."""


def plan(
    pipeline: Pipeline,
    task: Annotated[str, typer.Option(help="A shipped task, a task file, a folder with train.jsonl, or a data file.")],
    model: Annotated[
        list[str] | None, typer.Option(metavar="[ROLE=]NAME", help="The models that would run it; nothing is asked of them.")
    ] = None,
    api_base: Annotated[
        list[str] | None, typer.Option(metavar="[ROLE=]URL", help="Address of an OpenAI-compatible server; it is not called.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Where all random draws would begin.")] = 0,
    param: Params = None,
    patch: Patches = None,
    limit: Limit = None,
    prompt: Annotated[
        list[str] | None, typer.Option(help="The prompt to start from, instead of the task's; give it twice for two.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="How answers are scored, instead of the task's way.")] = None,
    labels: Annotated[str | None, typer.Option(help="Possible answers, comma-separated, for the metric `choice`.")] = None,
    template: Annotated[str | None, typer.Option(help="Task template that joins prompt and input.")] = None,
    plugins: Plugins = None,
    cache: Annotated[str, typer.Option(help="The cache as the run would take it: use, refresh, only or off.")] = "use",
    json_: Json = False,
) -> None:
    """Say what a run asks and costs at most, step by step, and how much of it the cache holds. Nothing is asked or written."""
    from promptwire.api import plan as foresee

    told = gathered(model, api_base, param, patch, limit)
    fields = {"seed": seed, "cache": cache, "task": changed(prompt, metric, template, labels)}
    found = foresee(pipeline, task, options_of({**told, **fields}))
    sys.stdout.write(found.model_dump_json() + "\n" if json_ else _page(found))


def in_short(plan: Plan) -> str:
    """What is left to ask, in one line."""
    total, steps = plan.total, "1 step replays" if plan.replay == 1 else f"{plan.replay} steps replay"
    if total.new == 0:
        return f"all {plan.replay} steps replay from the cache: no new call"
    calls = "an unknown number of new calls" if total.new is None else f"at most {total.new:,} new calls"
    found = f"{steps}, {plan.call} will call: " if plan.replay else ""
    known = f" ({total.cached:,} answers are in the cache)" if total.cached else ""
    return f"{found}{calls}, {_price(plan, total.new_usd)}{known}"


def _price(plan: Plan, usd: float | None) -> str:
    if usd is None:
        return "price unknown"
    return "free of charge" if not plan.hosted and usd == 0 else f"about {_dollars(usd)}"


def _page(plan: Plan) -> str:
    """The plan as a person reads it."""
    models = ", ".join(dict.fromkeys(plan.models.values()))
    lines = [f"{plan.pipeline} on {plan.task}   {models}", ""]
    whole = f"{_calls(plan.total)} calls, {_price(plan, plan.total.usd)}"
    lines += [whole] if plan.total.new == plan.total.most else [f"from nothing  {whole}", f"now           {in_short(plan)}"]
    lines += ["", *_table(plan), ""]
    if plan.limit is not None:
        lines.append(f"The run's own limit ends it after {plan.limit:,} new calls.")
    lines += [f"{name}: {source}" for name, source in plan.prices.items()]
    lines += plan.notes
    lines.append("A call is one answer. `at most`: replies decide. Tokens and dollars are about, and those of the most calls.")
    return "\n".join(lines) + "\n"


def _table(plan: Plan) -> list[str]:
    """Plain lines and no table of Rich, which would fold long paths on a narrow terminal."""
    heads = ("step", "node", "model", "calls", "in cache", "new", "tokens in", "tokens out", "cost")
    rows = [heads, *(_cells(step) for step in (*plan.steps, plan.total))]
    free = not plan.hosted and plan.total.usd == 0
    shown = [place for place, head in enumerate(heads) if head not in _unneeded(plan, free)]
    width = {place: max(len(row[place]) for row in rows) for place in shown}
    return [
        "  ".join(
            row[place].ljust(width[place]) if place <= LEFT else row[place].rjust(width[place]) for place in shown
        ).rstrip()
        for row in rows
    ]


def _unneeded(plan: Plan, free: bool) -> set[str]:
    """Columns that would say the same of every step."""
    return ({"cost"} if free else set()) | (set() if plan.total.cached else {"in cache", "new"})


def _cells(step: StepPlan) -> tuple[str, ...]:
    new = "?" if step.new is None else f"{step.new:,}"
    cost = "unknown" if step.usd is None else _dollars(step.usd)
    tokens = ("?" if number is None else f"~{number:,}" for number in (step.tokens_in, step.tokens_out))
    return (step.path, step.node, step.model or "", _calls(step), f"{step.cached:,}", new, *tokens, cost)


def _calls(step: StepPlan) -> str:
    if step.most is None:
        return "unknown"
    return f"{step.most:,}" if step.exact else f"at most {step.most:,}"


def _dollars(usd: float) -> str:
    """Cents, and for less than ten of them two digits that count."""
    return f"${usd:,.2f}" if usd >= 0.1 or usd == 0 else f"${usd:.2g}" if usd >= 0.0001 else "$0.0001"
