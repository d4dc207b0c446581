"""Difference of two runs: settings, prompts, scores on the examples that both share, and cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from promptwire.results.heldout_rows import groups_of, score_row
from promptwire.results.run import Run
from promptwire.results.word_diff import Piece, word_diff
from promptwire.stats.prompt_score import rows_score, scorable
from promptwire.stats.set_statistics import statistic_of
from promptwire.stats.set_verdict import set_verdict
from promptwire.stats.verdict import Verdict, paired_verdict

__all__ = ["Difference", "RunDiff", "SharedScores", "diff_runs"]

_COSTS: Final = ("new calls", "from cache", "tokens", "cost", "time")
"""Names of what a run spent."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting or a cost in both runs."""

    name: str
    """Its name, such as `seed` or `params.rounds`."""
    first: str
    """Its value in the first run; empty when the run has none, or does not tell."""
    second: str
    """Its value in the second run."""


@dataclass(frozen=True, slots=True)
class SharedScores:
    """Best prompts of both runs on the held-out examples that both scored."""

    first: float
    """Score of the first run's best prompt."""
    second: float
    """Score of the second run's best prompt."""
    verdict: Verdict
    """Whether the second is better. `fixed` counts the examples on which it is."""


@dataclass(frozen=True, slots=True)
class RunDiff:
    """What differs between two runs."""

    first: str
    """Name of the first run."""
    second: str
    """Name of the second run."""
    settings: tuple[Difference, ...]
    """Settings that differ."""
    initial: tuple[Piece, ...]
    """Initial prompts, word by word; empty when one is not known."""
    best: tuple[Piece, ...]
    """Best prompts, word by word; empty when one is not known."""
    same_demos: bool
    """Whether the best prompts have the same demonstrations."""
    same_companions: bool
    """Whether the best prompts have the same companion texts."""
    scores: SharedScores | None
    """Scores on shared held-out examples; None when there are none, or they can't be compared."""
    unshared: tuple[int, int]
    """Held-out examples that only the first run scored, and only the second."""
    costs: tuple[Difference, ...]
    """Calls, tokens, dollars and seconds of both runs."""
    notes: tuple[str, ...]
    """What could not be compared, in words."""


def diff_runs(first: Run, second: Run) -> RunDiff:
    """Return what differs between two runs."""
    scores, unshared, notes = _scores(first, second)
    demos = [run.best.demos if run.best else () for run in (first, second)]
    companions = [run.best.companions if run.best else {} for run in (first, second)]
    return RunDiff(
        first=first.name,
        second=second.name,
        settings=tuple(_settings(first, second)),
        initial=_prompts(first.initial.text if first.initial else None, second.initial.text if second.initial else None),
        best=_prompts(first.best.text if first.best else None, second.best.text if second.best else None),
        same_demos=demos[0] == demos[1],
        same_companions=companions[0] == companions[1],
        scores=scores,
        unshared=unshared,
        costs=tuple(_costs(first, second)),
        notes=(*notes, *(f"{run.name}: {note}" for run in (first, second) for note in run.notes)),
    )


def _settings(first: Run, second: Run) -> Iterator[Difference]:
    one, other = first.settings.flat(), second.settings.flat()
    for name in dict.fromkeys((*one, *other)):
        before, after = one.get(name, ""), other.get(name, "")
        # A run that did not finish has recorded no files: that says nothing about them.
        missing = name.startswith("files.") and not (first.settings.files and second.settings.files)
        if before != after and not missing:
            short = name == "fingerprint" or name.startswith("files.")
            yield Difference(name, before[:12] if short else before, after[:12] if short else after)


def _prompts(before: str | None, after: str | None) -> tuple[Piece, ...]:
    return () if before is None or after is None else word_diff(before, after)


def _scores(first: Run, second: Run) -> tuple[SharedScores | None, tuple[int, int], list[str]]:
    one = {row.id: score_row(row.id, row.best) for row in first.rows()}
    other = {row.id: score_row(row.id, row.best) for row in second.rows()}
    shared = [example for example in one if example in other]
    unshared = len(one) - len(shared), len(other) - len(shared)
    if not one or not other:
        return None, unshared, ["the scores can't be compared: a run has no held-out rows"]
    if not shared:
        return None, unshared, ["the scores can't be compared: the runs share no held-out examples"]
    metrics = first.settings.metric, second.settings.metric
    if all(metrics) and metrics[0] != metrics[1]:
        return None, unshared, [f"the scores can't be compared: the metrics are {metrics[0]} and {metrics[1]}"]
    rows = [one[example] for example in shared], [other[example] for example in shared]
    metric = metrics[0] or metrics[1]
    unfit = [run.name for run, mine in zip((first, second), rows, strict=True) if not scorable(mine, metric)]
    if unfit:
        problem = f"the rows of {unfit[0]} lack the right answers that {metric} needs"
        return None, unshared, [f"the scores can't be compared: {problem}"]
    values = [row.value for row in rows[0]], [row.value for row in rows[1]]
    same = first.best is not None and second.best is not None and first.best.id == second.best.id and values[0] == values[1]
    groups = _groups(first, second, shared)
    if statistic_of(metric) is None:
        found = paired_verdict(*values, groups=groups, same_prompt=same)
    else:
        found = set_verdict(*rows, metric, groups, same_prompt=same)
    return SharedScores(rows_score(rows[0], metric), rows_score(rows[1], metric), found), unshared, []


def _groups(first: Run, second: Run, shared: Sequence[str]) -> list[str] | None:
    """The group of each of the `shared` examples, as the runs tell it; None for examples that are independent."""
    known: dict[str, str] = {}
    for run in (second, first):
        known.update(groups_of(run.rows(), run.settings.group))
    return [known[example] for example in shared] if all(example in known for example in shared) else None


def _costs(first: Run, second: Run) -> Iterator[Difference]:
    sides = [_cost(first), _cost(second)]
    for name in _COSTS:
        yield Difference(name, sides[0][name], sides[1][name])


def _cost(run: Run) -> dict[str, str]:
    """What the run spent, as texts by name; a text is empty when the folder does not tell."""
    report, spent, tokens = run.report, run.spent, None
    counts: tuple[int | None, int | None] = (None, None)
    usd = None
    if report is not None:
        counts, usd = (report.calls.new, report.calls.cached), report.cost_usd
        tokens = report.tokens_in + report.tokens_out
    elif spent is not None:
        counts, usd, tokens = (spent.new, spent.calls - spent.new), spent.usd, spent.tokens
    numbers = ["" if count is None else f"{count:,}" for count in (*counts, tokens)]
    cost = "" if usd is None else f"${usd:.4f}"
    return dict(zip(_COSTS, (*numbers, cost, "" if run.seconds is None else f"{run.seconds:.1f} s"), strict=True))
