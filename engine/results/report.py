"""What a run did, what came of it and what it cost: the report that is printed, and written into the run folder.

The held-out scores of the initial and the best prompt stand side by side with 95% intervals, and so does their difference on
the same examples: an optimizer's own scores flatter, since it kept what did well on them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from promptwire.values import Example, Model

__all__ = ["Calls", "Comparison", "LeftOut", "Report", "Score"]

TRAIN_SHOWN = 50
"""Train examples that the report scores at most: a number that flatters is not worth many calls."""

_NAMED = 80
"""Letters by which an example that was left out is named."""

REPORT = "report"
"""Path under which the report's own calls are counted."""


class Score(Model):
    """A mean with its 95% interval."""

    score: float | None
    """Mean of the metric; None when nothing was scored."""
    low: float | None
    """Lower end of the interval."""
    high: float | None
    """Upper end of the interval."""
    n: int
    """Examples that the mean is over."""
    unreadable: int = 0
    """Replies among them that could not be read, scored as wrong."""


class LeftOut(Model):
    """An example that can't be scored."""

    example: str
    """Its id."""
    text: str
    """How its input begins."""
    why: str
    """What its call failed with."""


class Comparison(Model):
    """Two prompts on the same examples."""

    initial: Score
    """The prompt that the run started from."""
    best: Score
    """The prompt that the run ended with."""
    gain: Score
    """Best less initial, example by example."""
    left_out: tuple[LeftOut, ...] = ()
    """Examples that neither prompt's score counts, since a call for one of them was refused or its answer can't be graded."""


class Calls(Model):
    """Answers by where they came from."""

    new: int
    """Asked of a model in this run."""
    cached: int
    """Known already."""
    failed: int
    """Never answered, even after retries."""


class Report(Model):
    """One run."""

    pipeline: str
    """Name of the pipeline."""
    task: str
    """Name of the task."""
    metric: str
    """Name of the metric."""
    models: Mapping[str, str]
    """Model of each role."""
    seed: int
    """The run's seed."""
    prompt: str
    """The best prompt."""
    demos: tuple[Example, ...] = ()
    """The demonstrations that it was scored with; without them it is another prompt."""
    initial_prompt: str
    """The prompt that the run started from; the first when there were several."""
    test: Comparison
    """Held-out scores, on examples that no node saw."""
    train: Comparison
    """Scores on the examples that the optimizer saw: they flatter."""
    calls: Calls
    """Answers, the report's own included."""
    requests: int
    """Requests sent; one may bring several answers."""
    tokens_in: int
    """Tokens read by models in new calls."""
    tokens_out: int
    """Tokens written by models in new calls."""
    cost_usd: float | None
    """Price of the new calls; None when a price is not known."""
    seconds: float
    """Time that the run took."""
    limit: str | None
    """Why it ended early, when a budget ran out."""
    counts: Mapping[str, Mapping[str, int]]
    """What steps counted, by path: unreadable replies, duplicates, skipped calls, ..."""
    notes: tuple[str, ...]
    """What a person should know about the data, and of each step with unreadable replies one of them."""
    run: str
    """The run folder."""

    def noting(self, note: str) -> Report:
        """This report with one more note."""
        return self.model_copy(update={"notes": (*self.notes, note)})

    def to_json(self, indent: int | None = None) -> str:
        """The report as JSON text, in ASCII: half a character from a broken reply must not cost a finished run its report."""
        return json.dumps(self.model_dump(mode="json"), indent=indent)
