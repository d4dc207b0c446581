"""Attributes of a run as a whole, for its root span: what it was started with, how it ended, and its held-out scores."""

from __future__ import annotations

from typing import Any

from promptwire.results.run import Run

__all__ = ["root_attributes", "root_error", "run_identity"]


def run_identity(run: Run) -> str:
    """A text that tells this run from all others, on any machine: the name of its folder and the moment it began."""
    name = "".join(one if one.isalnum() or one in "-_." else "_" for one in run.name)  # it stands in filters of servers
    return f"{name} {run.began!r}"


def root_attributes(run: Run) -> dict[str, Any]:
    """Attributes of the root span, as far as they are known by now; None stands for one that is not."""
    settings, report = run.settings, run.report
    found: dict[str, Any] = {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": settings.pipeline or (report.pipeline if report else "unknown"),
        "promptwire.run": run.name,
        "promptwire.task": settings.task,
        "promptwire.metric": settings.metric,
        "promptwire.seed": settings.seed,
        **{f"promptwire.model.{role}": name for role, name in settings.models.items()},
        **{f"promptwire.param.{name}": value for name, value in settings.params.items()},
    }
    if report is None:
        return found
    return {
        **found,
        "promptwire.verdict": report.verdict.kind if report.verdict else None,
        "promptwire.heldout.initial": report.test.initial.score,
        "promptwire.heldout.best": report.test.best.score,
        "promptwire.heldout.gain": report.test.gain.score,
        "promptwire.heldout.gain_low": report.test.gain.low,
        "promptwire.heldout.gain_high": report.test.gain.high,
        "promptwire.calls.new": report.calls.new,
        "promptwire.calls.cached": report.calls.cached,
        "promptwire.calls.failed": report.calls.failed,
        "promptwire.tokens.input": report.tokens_in,
        "promptwire.tokens.output": report.tokens_out,
        "promptwire.cost_usd": report.cost_usd,
    }


def root_error(run: Run) -> str:
    """Why the run has no report; empty for one that has."""
    return "" if run.state.kind in ("finished", "cut short", "at work") else run.state.sentence
