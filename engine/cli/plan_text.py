"""Plan of a run as text for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promptwire.planning.plan import Plan
    from promptwire.planning.stage_bounds import StageLimit
    from promptwire.planning.step_plan import StepPlan

__all__ = ["plan_line", "plan_text"]

_TEXT_COLUMNS = 3
"""Leading columns that hold names; the others hold numbers and are right-aligned."""


def plan_line(plan: Plan) -> str:
    """The calls still to make, in one line."""
    total, steps = plan.total, "1 step replays" if plan.replay == 1 else f"{plan.replay} steps replay"
    if total.new == 0:
        return f"all {plan.replay} steps replay from the cache: no new call"
    calls = "an unknown number of new calls" if total.new is None else f"at most {total.new:,} new calls"
    replayed = f"{steps}, {plan.call} will call: " if plan.replay else ""
    cached = f" ({total.cached:,} completions are in the cache)" if total.cached else ""
    return f"{replayed}{calls}, {_price(plan, total.new_usd)}{cached}"


def plan_text(plan: Plan) -> str:
    """The whole plan, step by step."""
    models = ", ".join(dict.fromkeys(plan.models.values()))
    lines = [f"{plan.pipeline} on {plan.task}   {models}", ""]
    whole = f"{_calls(plan.total)} calls, {_price(plan, plan.total.usd)}"
    lines += [whole] if plan.total.new == plan.total.most else [f"empty cache  {whole}", f"this cache   {plan_line(plan)}"]
    lines += ["", *_table(plan), ""]
    if plan.chain:
        lines.append(f"At most {plan.chain:,} steps wait for one another: {plan.chain_text}")
    if plan.limit is not None:
        lines.append(f"The run's own limit ends it after {plan.limit:,} new calls.")
    lines += [_stage_line(stage) for stage in plan.stages]
    lines += [f"{name}: {source}" for name, source in plan.prices.items()]
    lines += plan.notes
    lines.append('A call is one completion. "At most" is an upper bound; tokens and cost are estimates for that bound.')
    return "\n".join(lines) + "\n"


def _stage_line(stage: StageLimit) -> str:
    """The limits of one stage."""
    ends = (
        None if stage.calls is None else f"{stage.calls:,} new calls",
        None if stage.tokens is None else f"{stage.tokens:,} tokens",
        None if stage.usd is None else _dollars(stage.usd),
    )
    return f"The limits of {stage.path} end it after {' or '.join(end for end in ends if end)}; the run goes on."


def _price(plan: Plan, usd: float | None) -> str:
    if usd is None:
        return "price unknown"
    return "free of charge" if not plan.hosted and usd == 0 else f"about {_dollars(usd)}"


def _table(plan: Plan) -> list[str]:
    """Plain lines. A table of Rich would fold long paths on a narrow terminal."""
    heads = ("step", "node", "model", "calls", "in cache", "new", "tokens in", "tokens out", "cost")
    rows = [heads, *(_cells(step) for step in (*plan.steps, plan.total))]
    free = not plan.hosted and plan.total.usd == 0
    shown = [column for column, head in enumerate(heads) if head not in _uniform_columns(plan, free)]
    width = {column: max(len(row[column]) for row in rows) for column in shown}
    return [
        "  ".join(
            row[column].ljust(width[column]) if column < _TEXT_COLUMNS else row[column].rjust(width[column]) for column in shown
        ).rstrip()
        for row in rows
    ]


def _uniform_columns(plan: Plan, free: bool) -> set[str]:
    """Columns with the same value for every step."""
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
    """Cents; below ten cents, two significant digits."""
    return f"${usd:,.2f}" if usd >= 0.1 or usd == 0 else f"${usd:.2g}" if usd >= 0.0001 else "$0.0001"
