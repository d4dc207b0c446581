"""Data of a page from a run folder: everything that the page shows, as one value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promptwire.page.candidates import best_so_far, demos_of, lineage, page_candidates, points
from promptwire.page.charts import specifications
from promptwire.page.drawing import page_graph
from promptwire.page.reproduce import began, page_reproduce
from promptwire.page.requests import messages_of, page_requests
from promptwire.page.usage import page_steps, page_unreadable, page_usage
from promptwire.page.values import FORMAT, PageData, PageExample, PageSide
from promptwire.page.verdict import page_verdict
from promptwire.results.asked import Asked
from promptwire.results.heldout_rows import PairedRow, Side, Split
from promptwire.results.report import REPORT
from promptwire.results.run import Run
from promptwire.results.verdict_text import with_verdict_interval
from promptwire.values.notes import read_note

__all__ = ["page_data"]


def page_data(run: Run) -> PageData:
    """Return the data of the page of `run`. What the folder does not hold is empty or None."""
    line = lineage(run)
    requests = page_requests(run, line)
    steps = page_steps(run)
    dots = points(run)
    return PageData(
        format=FORMAT,
        run=_run(run),
        verdict=page_verdict(run),
        scores=_scores(run),
        best=_best(run, run.recorded),
        initial=None if run.initial is None else {"id": run.initial.id, "text": run.initial.text},
        examples={"test": _examples(run, "test"), "train": _examples(run, "train")},
        candidates=page_candidates(run, requests["items"]),
        progress={"points": dots, "best": best_so_far(dots)},
        requests=requests,
        lineage=line,
        steps=steps,
        usage=page_usage(run, steps),
        unreadable=page_unreadable(run, run.recorded),
        graph=page_graph(run, steps),
        reproduce=page_reproduce(run),
        notes=_notes(run),
        charts=specifications(),
    )


def _run(run: Run) -> dict[str, Any]:
    settings, report, state = run.settings, run.report, run.state
    return {
        "name": run.name,
        "pipeline": settings.pipeline or "unknown pipeline",
        "task": settings.task or "unknown task",
        "metric": settings.metric or (report.metric if report else ""),
        "seed": settings.seed,
        "models": [{"role": role, "name": name} for role, name in settings.models.items()],
        "state": {"kind": state.kind, "why": state.why, "sentence": state.sentence},
        "seconds": report.seconds if report else None,
        "began": began(run),
        "candidates": len(run.candidates),
    }


def _scores(run: Run) -> dict[str, Any] | None:
    report = run.report
    if report is None:
        return None
    search = report.search
    selected, held_out = search.score if search else None, report.test.best.score
    return {
        "test": with_verdict_interval(report).model_dump(mode="json"),
        "train": report.train.model_dump(mode="json"),
        "search": None if search is None else {"score": search.score, "scored_on": search.scored_on},
        "optimism": None if selected is None or held_out is None else selected - held_out,
    }


def _best(run: Run, asked: Sequence[Asked]) -> dict[str, Any] | None:
    best, report = run.best, run.report
    if best is None:
        return None
    positions = {candidate.id: at for at, candidate in enumerate(run.candidates)}
    sent = [one for one in asked if one.pair is not None and one.pair[0] == best.id and one.recorded]
    one = next((one for one in sent if one.path == REPORT), sent[0] if sent else None)
    return {
        "id": best.id,
        "at": positions.get(best.id),
        "text": best.text,
        "demos": demos_of(best),
        "companions": dict(best.companions),
        "same": run.initial is not None and run.initial.id == best.id,
        "copied": report.search.copied if report is not None and report.search else (),
        "messages": None if one is None else messages_of(one),
        "sent": "" if one is None else f"One request with this prompt, as {one.model or 'the model'} got it.",
    }


def _examples(run: Run, split: Split) -> tuple[PageExample, ...]:
    return tuple(_example(row) for row in run.rows(split))


def _example(row: PairedRow) -> PageExample:
    example = row.example
    texts = ("", ()) if example is None else (example.text, example.outputs)
    return PageExample(row.id, *texts, initial=_side(row.initial), best=_side(row.best))


def _side(side: Side) -> PageSide:
    return PageSide(side.value, side.output, side.answer, side.readable, side.feedback, tuple(map(_side, side.repeats)))


def _notes(run: Run) -> tuple[dict[str, str], ...]:
    stored = run.report.notes if run.report else ()
    return tuple(
        [{"severity": note.severity, "text": note.text} for note in map(read_note, stored)]
        + [{"severity": "warning", "text": f"The run folder is not whole: {note}."} for note in run.notes]
    )
