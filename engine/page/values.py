"""Data of a page, as they stand in it: JSON values with these names, for its scripts and for other programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Final

from promptwire.values import Model

__all__ = [
    "FORMAT",
    "PageCandidate",
    "PageData",
    "PageExample",
    "PagePoint",
    "PageReply",
    "PageRequest",
    "PageSide",
    "PageStep",
    "PageUnreadable",
    "to_text",
]

FORMAT: Final = 1
"""Version of the data of a page."""


@dataclass(frozen=True, slots=True)
class PageReply:
    """One reply of a model, and how it was read."""

    key: str
    """Cache key of the call."""
    text: str | None
    """The reply as it came; None when it is not recorded."""
    read: tuple[str, ...] | None
    """What was read out of it; None when it is not recorded."""
    readable: bool
    """Whether the rule of the template found an answer."""
    value: float | None
    """Value of the metric; None when it was not scored."""
    finish: str
    """Finish reason, such as `stop` or `length`; empty when it is not known."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One request as the model got it, with its replies."""

    path: str
    """Path of the step; `report` for the final comparison."""
    round: str
    """Rounds of the loops around the step, counted from 1; empty outside loops."""
    element: str
    """Number of the element of the `each` around it, counted from 1."""
    role: str
    """Role of the model."""
    model: str
    """Name of the model."""
    template: str
    """Name of the template."""
    settings: Mapping[str, Any]
    """Sampling settings."""
    pair: tuple[str, str] | None
    """Ids of the prompt and the example that were scored; None for a request that writes."""
    at: int | None
    """Position of the candidate that was scored; None when it is none."""
    messages: tuple[Mapping[str, str], ...]
    """Role and content of each message; an empty role stands for a text to complete."""
    options: tuple[str, ...]
    """The labels that the model chose among."""
    replies: tuple[PageReply, ...]
    """The replies."""
    error: str
    """Error of the request; empty when it has none."""


@dataclass(frozen=True, slots=True)
class PageCandidate:
    """One prompt of the search. Other fields name candidates by their position in the list."""

    id: str
    """Id of the prompt."""
    text: str
    """Its text."""
    demos: tuple[Mapping[str, str], ...]
    """Text and output of its demonstrations."""
    words: int
    """Number of words of the text."""
    parents: tuple[int, ...]
    """Positions of the prompts that it was made from."""
    step: str
    """Path of the step that wrote it; empty for an initial prompt."""
    round: str
    """Rounds of the loops it was written in, counted from 1; empty outside loops."""
    score: float | None
    """Mean over all examples that the search scored it on; None when it was never scored."""
    n: int
    """Number of these examples."""
    calls: int
    """Calls that the run had used when it appeared."""
    critiques: tuple[str, ...]
    """Critiques that led to it."""
    asked: int | None = None
    """Position of the request that wrote it; None when it is not recorded, or has no room."""
    companions: Mapping[str, str] = field(default_factory=dict)
    """Companion texts by name."""
    marks: Mapping[str, float] = field(default_factory=dict)
    """Its last marks by name."""


@dataclass(frozen=True, slots=True)
class PagePoint:
    """A scored candidate, and what the run had spent when its first score was known."""

    at: int
    """Position of the candidate."""
    score: float
    """Its score over all examples that the search scored it on."""
    n: int
    """Number of these examples."""
    calls: int
    """Calls used, new or cached."""
    tokens: int | None
    """Tokens of new calls; None when they are not recorded."""
    usd: float | None
    """US dollars of new calls; None when a price is not known."""
    seconds: float
    """Seconds since the start of the run."""
    prompt: str = ""
    """Beginning of its text."""


@dataclass(frozen=True, slots=True)
class PageSide:
    """What one of the two compared prompts brought on an example."""

    value: float
    """Value of the metric; the mean when the example was answered several times."""
    output: str | None
    """The whole reply; None when it is not recorded."""
    answer: str | None
    """The answer read out of it; None when it is not recorded."""
    readable: bool
    """Whether an answer could be read."""
    feedback: str
    """The metric's feedback in words."""
    repeats: tuple[PageSide, ...] = ()
    """All answers, when the example was answered several times; the fields above are then those of the first."""


@dataclass(frozen=True, slots=True)
class PageExample:
    """One example of the comparison."""

    id: str
    """Id of the example."""
    input: str
    """Its input as one text; empty when it is not recorded."""
    expected: tuple[str, ...]
    """Outputs that count as right."""
    initial: PageSide
    """Result of the initial prompt."""
    best: PageSide
    """Result of the best prompt."""


@dataclass(frozen=True, slots=True)
class PageStep:
    """Calls and counts of one node, over all rounds."""

    path: str
    """Path of the step; `report` for the final comparison."""
    new: int = 0
    """Completions that a model made in this run."""
    cached: int = 0
    """Completions from the cache."""
    failed: int = 0
    """Calls that failed after all tries."""
    tokens: int | None = None
    """Tokens of new calls; None when they are not recorded."""
    usd: float | None = None
    """US dollars of new calls; None when they are not known."""
    seconds: float | None = None
    """Seconds in which it was at work, summed over its runs; None when they are not recorded."""
    runs: int = 0
    """How often it ran."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Other counts: unreadable replies, duplicates, ..."""


@dataclass(frozen=True, slots=True)
class PageUnreadable:
    """Replies of one step that could not be read."""

    path: str
    """Path of the step."""
    total: int
    """Number of such replies; that of the samples when the run did not count them."""
    samples: tuple[str, ...]
    """Some of them."""


@dataclass(frozen=True, slots=True)
class PageData:
    """All data of a page."""

    format: int
    """Version of this format."""
    run: Mapping[str, Any]
    """Name of the folder, pipeline, task, metric, models, seed, state, time."""
    verdict: Mapping[str, Any] | None
    """Whether the best prompt is better; None before the comparison."""
    scores: Mapping[str, Any] | None
    """Held-out and train comparison, selection score and optimism; None before the comparison."""
    best: Mapping[str, Any] | None
    """The best prompt, its demonstrations, and one request with it as it was sent; None when there is none yet."""
    initial: Mapping[str, Any] | None
    """The initial prompt; None when it is not known."""
    examples: Mapping[str, Sequence[PageExample]]
    """Examples of the comparison by split: `test`, `train`."""
    candidates: Sequence[PageCandidate]
    """Prompts of the search in the order in which they appeared."""
    progress: Mapping[str, Sequence[PagePoint]]
    """`points`: all scored candidates; `best`: those that were the best so far."""
    requests: Mapping[str, Any]
    """`items`: recorded requests; `recorded`: how many the run folder holds; `left`: how many had no room, by step."""
    lineage: tuple[int, ...]
    """Positions of candidates from an initial prompt to the best one; empty when it is not known."""
    steps: Sequence[PageStep]
    """Calls and counts by node."""
    usage: Mapping[str, Any]
    """Calls, tokens and dollars of the whole run."""
    unreadable: Sequence[PageUnreadable]
    """Replies that could not be read."""
    graph: Mapping[str, str] | None
    """Drawing of the pipeline: `svg` or `text`; None when the pipeline is not here or has changed."""
    reproduce: Mapping[str, Any]
    """Command, versions and files."""
    notes: Sequence[Mapping[str, str]]
    """Notes of the report and of the reading, each with its severity."""
    charts: Mapping[str, Any]
    """Vega-Lite specifications, without data."""


def to_text(data: Any) -> str:
    """Return `data` as ASCII JSON. ASCII, since a lone surrogate from a broken reply can't be written as UTF-8."""
    return json.dumps(data, default=_fields, separators=(",", ":"), allow_nan=False)


def _fields(value: Any) -> Any:
    """Fields of a value that JSON does not know. Raises TypeError for any other."""
    if is_dataclass(value):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, Model):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no value of a page")
