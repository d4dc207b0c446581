"""What a run is in MLflow: params, tags, metrics and files, made from its folder alone.

Names and values are brought into the form that MLflow takes. Metrics within the search have the round, or the number of new
calls, as their step; those at the end have no history.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from promptwire.results.report import Report, Score
from promptwire.results.run import Run

__all__ = ["candidate_table", "final_metrics", "held_out_metrics", "param_values", "tag_values"]

_ILLEGAL: Final = re.compile(r"[^\w\-. :/]")
"""What a name of MLflow may not hold."""
_NAME: Final = 250
"""Most characters of a name."""
_PARAM: Final = 6000
"""Most characters of a param's value."""
_TAG: Final = 5000
"""Most characters of a tag's value."""
_COLUMNS: Final = ("prompt", "score", "examples", "round", "step", "parents", "calls", "chosen")


def param_values(run: Run, facts: Mapping[str, Any]) -> dict[str, str]:
    """Return what the run was started with. `facts` are the first line of its trace, which holds all params in force."""
    settings = run.settings
    found: dict[str, Any] = {
        "pipeline": settings.pipeline,
        "task": settings.task,
        "metric": settings.metric,
        "seed": settings.seed,
        "repeats": settings.repeats,
        "group": settings.group,
        "cache": settings.cache,
        **_under("model", settings.models),
        **_under("param", {**_mapping(facts.get("params")), **settings.params}),
        **_under("set", settings.patches),
        **_under("task", settings.changes),
        **_under("limit", settings.limits),
    }
    return {_name(name): _value(value)[:_PARAM] for name, value in found.items() if value not in (None, "")}


def tag_values(run: Run) -> dict[str, str]:
    """Return how the run ended, and its prompts, as tags."""
    settings, state, report = run.settings, run.state, run.report
    verdict = report.verdict if report else None
    found = {
        "promptwire.run": run.name,
        "promptwire.version": settings.version,
        "promptwire.fingerprint": settings.fingerprint,
        "promptwire.state": state.sentence,
        "promptwire.verdict": verdict.kind if verdict else "",
        "promptwire.verdict.test": verdict.test if verdict else "",
        "promptwire.prompt": run.best.text if run.best else "",
        "promptwire.prompt.initial": run.initial.text if run.initial else "",
        "mlflow.note.content": _note(report) if report else "",
    }
    return {name: _writable(value)[:_TAG] for name, value in found.items() if value}


def held_out_metrics(run: Run) -> dict[str, float]:
    """Return the scores on the examples that no step saw, with their intervals."""
    report = run.report
    if report is None:
        return {}
    scores: Iterator[tuple[str, Score]] = iter(
        (
            ("heldout/initial", report.test.initial),
            ("heldout/best", report.test.best),
            ("heldout/gain", report.test.gain),
            ("train/initial", report.train.initial),
            ("train/best", report.train.best),
            *((f"heldout/{one.metric}/best", one.best) for one in report.test.watched),
            *((f"heldout/{one.metric}/gain", one.gain) for one in report.test.watched),
        )
    )
    found: dict[str, float | None] = {}
    for name, score in scores:
        found |= {name: score.score, f"{name}/low": score.low, f"{name}/high": score.high}
    found["heldout/examples"] = report.test.best.n
    found["heldout/unreadable"] = report.test.best.unreadable
    found["heldout/p"] = report.verdict.p if report.verdict else None
    return _known(found)


def final_metrics(run: Run) -> dict[str, float]:
    """Return what the whole run cost."""
    report = run.report
    if report is None:
        return _known({"seconds": run.seconds})
    return _known(
        {
            "calls/new": report.calls.new,
            "calls/cached": report.calls.cached,
            "calls/failed": report.calls.failed,
            "tokens/input": report.tokens_in,
            "tokens/output": report.tokens_out,
            "cost_usd": report.cost_usd,
            "seconds": report.seconds,
            "candidates": len(run.candidates),
        }
    )


def candidate_table(run: Run) -> dict[str, Any]:
    """Return the candidates in the form of MLflow's tables, which its page and `load_table` read."""
    best = run.best.id if run.best else ""
    rows = [
        [
            one.text,
            one.score,
            len(one.values),
            one.prompt.round,
            one.prompt.made_by,
            list(one.parents),
            run.spent_before(one.line).calls,
            one.id == best,
        ]
        for one in run.candidates
    ]
    return {"columns": list(_COLUMNS), "data": rows}


def _note(report: Report) -> str:
    """The description of the run: the best prompt word for word, as a block that no markup in it can leave."""
    fence = "`" * (max((len(one) for one in re.findall("`+", report.prompt)), default=2) + 1)
    verdict = report.verdict.kind if report.verdict else "no verdict"
    return f"{verdict}\n\n{fence if len(fence) > 2 else '```'}text\n{report.prompt}\n{fence if len(fence) > 2 else '```'}"


def _under(head: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{head}.{name}": value for name, value in values.items()}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _name(name: str) -> str:
    return _ILLEGAL.sub("_", name)[:_NAME]


def _value(value: Any) -> str:
    return _writable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def _writable(text: str) -> str:
    """`text` without what UTF-8 can't hold, and without NUL, which databases refuse."""
    return text.replace("\0", "\\x00").encode("utf-8", errors="backslashreplace").decode("utf-8")


def _known(values: Mapping[str, float | None]) -> dict[str, float]:
    return {_name(name): float(value) for name, value in values.items() if value is not None}
