"""docs/results.md from the figures of the runs: tables, comparisons in pairs, prompts in full, and the prose around them.

The prose is in results_page.md.j2 beside this file. Numbers in it come from here, so that the page and the runs agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import critique
import jinja2
import results
import results_figures

from promptwire.stats.intervals import Interval, paired_interval

PAGE = results.ROOT / "docs" / "results.md"
TEMPLATE = Path(__file__).with_name("results_page.md.j2")
Figures = Mapping[str, Any]


def write() -> None:
    """Replay all bundles, keep their figures and write the page."""
    found = results_figures.collect()
    if not found:
        raise SystemExit("there are no runs yet: make them with `python bench/results.py`")
    results_figures.save(found)
    PAGE.write_text(render(found, changes()), encoding="utf-8")


def changes() -> dict[str, tuple[str, ...]]:
    """By shipped file that has changed since: the runs that read it."""
    found: dict[str, list[str]] = {}
    for run in results.runs():
        if run.file.exists():
            for name in results_figures.changed(run):
                found.setdefault(name, []).append(run.name)
    return {name: tuple(made) for name, made in sorted(found.items())}


def render(found: Sequence[Figures], changed: Mapping[str, Sequence[str]]) -> str:
    """The page of these figures; runs of the demo are left out."""
    found = [one for one in found if one["task"] in (*results.SHIPPED, *results.PUBLIC)]
    environment = jinja2.Environment(  # noqa: S701 - Markdown, of our own figures
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"score": score, "gain": gain, "indented": indented, "shown": critique.shown}
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        tasks=[_task(name, found) for name in (*results.SHIPPED, *results.PUBLIC) if any(one["task"] == name for one in found)],
        pipelines=[_pipeline(name, found) for name in results.PIPELINES],
        templates=_templates(found),
        baseline=results.BASELINE,
        commands=[results.Run(found[0]["task"], name, 0).command() for name in results.PIPELINES],
        repeated=results.REPEATED,
        public=results.PUBLIC,
        settings=results.PUBLIC_SETTINGS,
        most=results.MOST_EXAMPLES,
        model=results.MODEL,
        made=len(found),
        planned=sum(not run.demo for run in results.runs()),
        edit=_edit(found),
        example=next((run for run in results.runs() if run.file.exists() and not run.public), None),
        changed=changed,
    )


def _task(name: str, found: Sequence[Figures]) -> dict[str, Any]:
    """One task with its runs, each beside random search with the same seed."""
    mine = [one for one in found if one["task"] == name]
    first = mine[0]
    rows = [{**one, "beside": against_baseline(one, found)} for one in mine]
    return {
        "name": name,
        "public": name in results.PUBLIC,
        "runs": rows,
        **{key: first[key] for key in ("metric", "initial_prompt", "initial")},
    }


def _templates(found: Sequence[Figures]) -> dict[str, dict[str, int]]:
    """The replies to each template over all runs on shipped tasks, and how they were read."""
    total: dict[str, dict[str, int]] = {}
    for one in found:
        for template, counts in one["templates"].items():
            before = total.get(template, {})
            total[template] = {what: n + before.get(what, 0) for what, n in counts.items()}
    return dict(sorted(total.items()))


def _pipeline(name: str, found: Sequence[Figures]) -> dict[str, Any]:
    """A pipeline over all tasks, with seed 0; its replies and candidates over all runs."""
    every = [one for one in found if one["pipeline"] == name]
    mine = [one for one in every if one["seed"] == 0]
    beside = [interval for one in mine if (interval := against_baseline(one, found))]
    return {
        "name": name,
        "tasks": len(mine),
        "better": sum(_above(one["gain"]["low"]) for one in mine),
        "worse": sum(_below(one["gain"]["high"]) for one in mine),
        "median": median(one["gain"]["score"] for one in mine) if mine else None,
        "beats": sum(_above(interval.low) for interval in beside),
        "loses": sum(_below(interval.high) for interval in beside),
        "compared": len(beside),
        "optimism": median(one["selected"] - one["best"]["score"] for one in mine if one["selected"] is not None)
        if mine
        else None,
        "task_calls": round(median(one["calls"].get("task", 0) for one in mine)) if mine else 0,
        "meta_calls": sum(one["calls"].get("meta", 0) for one in every),
        **{key: sum(one[key] for one in every) for key in ("unreadable", "candidates", "copying", "dropped")},
        "copied": sum(bool(one["copied"]) for one in every),
        "runs": len(every),
    }


def against_baseline(one: Figures, found: Sequence[Figures]) -> Interval | None:
    """The best prompt's score minus that of random search with the same seed, on the same examples; None without that run."""
    same = (one["task"], one["seed"], results.BASELINE)
    other = next((each for each in found if (each["task"], each["seed"], each["pipeline"]) == same), None)
    if other is None or one["pipeline"] == results.BASELINE:
        return None
    theirs = {example: value for example, _, value in other["pairs"]}
    values = [(theirs[example], value) for example, _, value in one["pairs"] if example in theirs]
    shares = all(value in (0.0, 1.0) for pair in values for value in pair)
    return paired_interval([first for first, _ in values], [second for _, second in values], shares=shares)


def _edit(found: Sequence[Figures]) -> Figures | None:
    """The critique and edit to show: of ProTeGi's runs if any has one, that of the largest gain whose winner it made."""
    every = [one for one in found if one["edit"]]
    having = [one for one in every if one["pipeline"].startswith("protegi")] or every
    best = max(having, key=lambda one: (one["edit"]["edit"] == one["prompt"], one["gain"]["score"]), default=None)
    return best and {**best["edit"], **{key: best[key] for key in ("task", "pipeline", "seed")}}


def score(found: Mapping[str, Any]) -> str:
    """A score with its interval."""
    return f"{found['score']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"


def gain(found: Mapping[str, Any] | Interval | None) -> str:
    """A difference with its interval, in bold where the interval does not hold 0."""
    if found is None:
        return ""
    value, low, high = found[:3] if isinstance(found, Interval) else (found["score"], found["low"], found["high"])
    if low is None or high is None:
        return f"{value:+.2f}"
    text = f"{value:+.2f} [{low:+.2f}, {high:+.2f}]"
    return f"**{text}**" if low > 0 or high < 0 else text


def indented(text: str, width: int = 2) -> str:
    """The lines of a prompt, indented for a block of text; an empty one is named."""
    return "\n".join(" " * width + line for line in (text or "(empty)").splitlines())


def _above(low: float | None) -> bool:
    return low is not None and low > 0


def _below(high: float | None) -> bool:
    return high is not None and high < 0
