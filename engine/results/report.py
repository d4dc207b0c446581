"""Report of a run: best prompt, scores, calls and cost.

The report is printed, and written into the run folder. It shows the held-out scores of the initial and the best prompt and
their difference on the same examples, with 95% intervals. An optimizer's own scores are too high: it selected prompts by them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

from promptwire.results.confusion import Confusion
from promptwire.stats.verdict import Verdict
from promptwire.values import Companions, Example, Model
from promptwire.values.model import SparseModel
from promptwire.values.named import CompanionField

__all__ = ["TAKEN_WHOLE", "UNREADABLE", "Calls", "Comparison", "LeftOut", "MetricScores", "Report", "Score", "SearchSummary"]

TRAIN_SHOWN = 50
"""Most train examples that the report scores. Train scores are biased upwards, so they are not worth many calls."""

_NAMED = 80
"""Characters of its input by which a left-out example is named."""

REPORT = "report"
"""Path under which the report's own calls are counted."""

UNREADABLE = "unreadable"
"""Count of replies in which no answer was found."""

TAKEN_WHOLE = "taken whole"
"""Count of replies in which the template's rule found no answer, and which its `fallback: raw` took whole."""


class Score(Model):
    """Score of a prompt with its 95% interval."""

    score: float | None
    """Score by the metric, for most metrics the mean of its values; None when nothing was scored."""
    low: float | None
    """Lower end of the interval."""
    high: float | None
    """Upper end of the interval."""
    n: int
    """Number of examples."""
    unreadable: int = 0
    """Number of unreadable replies among them, scored as wrong."""


class MetricScores(Model):
    """Scores of two prompts on the same examples by one metric."""

    metric: str = ""
    """Name of the metric."""
    initial: Score
    """Score of the prompt that the run started from."""
    best: Score
    """Score of the prompt that the run ended with."""
    gain: Score
    """Best minus initial, on the same examples."""
    confusion: Confusion | None = None
    """How often each right label was answered with each label, if the metric compares labels."""


class LeftOut(Model):
    """Example that could not be scored."""

    example: str
    """Id of the example."""
    text: str
    """Beginning of its input."""
    why: str
    """Error of its call."""


class Comparison(Model):
    """Scores of two prompts on the same examples."""

    initial: Score
    """Score of the prompt that the run started from."""
    best: Score
    """Score of the prompt that the run ended with."""
    gain: Score
    """Best minus initial, on the same examples."""
    confusion: Confusion | None = None
    """How often each right label was answered with each label, if the metric compares labels."""
    watched: tuple[MetricScores, ...] = ()
    """Scores by the metrics that the task watches."""
    left_out: tuple[LeftOut, ...] = ()
    """Examples left out for both prompts: a call failed, or an answer can't be graded."""


class Calls(Model):
    """Number of calls by their source."""

    new: int
    """Completed by a model in this run."""
    cached: int
    """Found in the cache."""
    failed: int
    """Failed, even after retries."""


class SearchSummary(Model):
    """What the search did before the final comparison."""

    calls: Mapping[str, int]
    """Calls by role, new or cached."""
    candidates: int
    """Different prompts that the search wrote, scored or not."""
    copying: int
    """Those of them that copy text of training examples; see `promptwire.values.copied_text`."""
    copied: tuple[str, ...]
    """Passages of the best prompt that are copied from training examples."""
    score: float | None
    """Score of the best prompt in the search, over all examples it was scored on. It was selected by it, so it is too high."""
    scored_on: int
    """Number of these examples."""


class Report(SparseModel):
    """Report of one run."""

    RARE: ClassVar = ("companions",)

    pipeline: str
    """Name of the pipeline."""
    task: str
    """Name of the task."""
    metric: str
    """Name of the metric."""
    models: Mapping[str, str]
    """Model of each role."""
    seed: int
    """Random seed."""
    repeats: int = 1
    """Answers per prompt and held-out example. Each example counts with the mean of its answers."""
    prompt: str
    """Text of the best prompt."""
    demos: tuple[Example, ...] = ()
    """Demonstrations of the best prompt. Its scores hold only with them."""
    companions: CompanionField = Companions()
    """Companion texts of the best prompt, by name. Its scores hold only with those that the task's template shows."""
    initial_prompt: str
    """Text of the prompt that the run started from; the first when there were several."""
    verdict: Verdict | None = None
    """Whether the best prompt is better on the held-out examples; None in reports of earlier versions."""
    test: Comparison
    """Held-out scores, on examples that no node saw."""
    train: Comparison
    """Scores on examples that the optimizer saw; biased upwards."""
    search: SearchSummary | None = None
    """The search; None in reports of earlier versions."""
    calls: Calls
    """Calls, including those of the report itself."""
    requests: int
    """Requests sent; one may bring several completions."""
    tokens_in: int
    """Tokens read by models in new calls."""
    tokens_out: int
    """Tokens written by models in new calls."""
    cost_usd: float | None
    """Cost of the new calls in US dollars; None when a price is unknown."""
    seconds: float
    """Duration of the run."""
    limit: str | None
    """Reason of an early end, when a budget ran out."""
    stages_ended: Mapping[str, str] = {}
    """Why each stage that its own limits ended was ended, by its path. The run went on."""
    counts: Mapping[str, Mapping[str, int]]
    """Counts of the steps, by path: unreadable replies, duplicates, skipped calls, ..."""
    notes: tuple[str, ...]
    """Notes about the data and the run, with one unreadable reply of each step that had any."""
    run: str
    """Path of the run folder."""

    def noting(self, *notes: str) -> Report:
        """Return this report with more notes."""
        return self.model_copy(update={"notes": (*self.notes, *notes)})

    def _repr_html_(self) -> str:
        """Return the report as HTML, which notebooks show."""
        from promptwire.results.report_html import report_html  # noqa: PLC0415 - it imports this module

        return report_html(self)

    def to_json(self, indent: int | None = None) -> str:
        """Return the report as ASCII JSON. ASCII, since a lone surrogate from a broken reply can't be written as UTF-8."""
        left_out = None if self.stages_ended else {"stages_ended"}
        return json.dumps(self.model_dump(mode="json", exclude=left_out), indent=indent)
