"""Candidates of a search: the prompts in the outputs of its steps, with scores, parents and the critiques that led to them."""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from promptwire.results.lenient import as_dict, as_int, as_list, read_model
from promptwire.security.untrusted_numbers import finite
from promptwire.stats.prompt_score import rows_score, scorable
from promptwire.values import Answer, Example, Prompt, Row
from promptwire.values.rounds import from_one

__all__ = ["Candidate", "Collected", "Origin", "StepScore", "collect"]

_PLAIN: Final = 2
"""Version of marshal without references to earlier objects. Its bytes are only keys, made faster than JSON, and never read."""


@dataclass(frozen=True, slots=True)
class StepScore:
    """Score of a candidate in the output of one step."""

    path: str
    """Path of the step."""
    round: str
    """Rounds of the loops around the step, such as `2` or `2.1`, counted from 1; empty outside loops."""
    metric: str
    """Name of the metric."""
    mean: float
    """Score by the metric over the examples of this output; for most metrics the mean of its values."""
    n: int
    """Number of these examples."""
    t: float
    """Seconds since the start of the run when the step was done."""
    line: int
    """Position among all lines of the run's trace; see `Candidate.line`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What the model was told and said when it wrote a candidate, as far as the run recorded it."""

    critiques: tuple[str, ...] = ()
    """Critiques that it was shown; empty when the step shows none."""
    request: str = ""
    """Key of the call whose reply holds the candidate; see `Run.asked`. Empty when it is not known."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One prompt of a search."""

    prompt: Prompt
    """Text, demonstrations, parents' ids, the step that wrote it, the round, counted from 1 here, and its last marks."""
    t: float
    """Seconds since the start of the run when it was first in an output."""
    line: int
    """Position of this output among all lines of the run's trace, to count calls before it; see `Run.calls_before`."""
    scores: tuple[StepScore, ...]
    """Its scores, output by output, in the order of the trace."""
    values: Mapping[str, float]
    """Value by example id, over all examples that steps scored it on with the task's metric."""
    origin: Origin
    """How it came about."""
    score: float | None = None
    """Score over all examples that the search scored it on; None when it was never scored."""

    @property
    def id(self) -> str:
        """Id of the prompt."""
        return self.prompt.id

    @property
    def text(self) -> str:
        """Text of the prompt."""
        return self.prompt.text

    @property
    def parents(self) -> tuple[str, ...]:
        """Ids of the prompts that it was made from; empty for an initial prompt."""
        return self.prompt.parents


@dataclass(slots=True)
class _Draft:
    """A candidate while lines are read."""

    prompt: Prompt
    t: float
    line: int
    scores: list[StepScore] = field(default_factory=list)
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    """Row by example id, by metric; without the model's replies."""


@dataclass(slots=True)
class Collected:
    """What the outputs of a run's steps hold."""

    drafts: dict[str, _Draft] = field(default_factory=dict)
    """Prompts by id, in the order of the trace."""
    examples: dict[str, Example] = field(default_factory=dict)
    """Examples by id."""
    critiques: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)
    """Position in the trace and text of the critiques, by the id of the criticised prompt and the round."""
    _known: dict[tuple[type, bytes], Any] = field(default_factory=dict)
    """Values that were made before, by their type and bytes: outputs repeat the same prompts and examples many times."""

    def add(self, line: Mapping[str, Any]) -> None:
        """Read the outputs of one line of values.jsonl."""
        for part in _parts(line.get("outputs")):
            if "rows" in part and "prompts" in part:
                self._add_scores(part, line)
            elif "made_by" in part and "text" in part:
                self.prompt(part, line)
            elif "prompt" in part and "text" in part and isinstance(part["prompt"], dict):
                self._add_critique(part, line)
            elif "input" in part and "outputs" in part:
                self.example(part)

    def prompt(self, data: Any, line: Mapping[str, Any]) -> Prompt | None:
        """Return the prompt of `data`; None when it is none. A prompt that is new here becomes a candidate."""
        found: Prompt | None = self._value(Prompt, data)
        if found is not None and found.id not in self.drafts:
            self.drafts[found.id] = _Draft(found, _seconds(line), _position(line))
        elif found is not None and found.marks:
            draft = self.drafts[found.id]
            draft.prompt = draft.prompt.model_copy(update={"marks": found.marks})
        return found

    def example(self, data: Any) -> Example | None:
        """Return the example of `data`; None when it is none."""
        found: Example | None = self._value(Example, data)
        if found is not None:
            self.examples.setdefault(found.id, found)
        return found

    def _value(self, kind: Any, data: Any) -> Any:
        key = kind, marshal.dumps(data, _PLAIN)
        if key not in self._known:
            self._known[key] = read_model(kind, data)
        return self._known[key]

    def _add_scores(self, scores: Mapping[str, Any], line: Mapping[str, Any]) -> None:
        for data in as_list(as_dict(scores.get("prompts")).get("items")):
            self.prompt(data, line)
        for data in as_list(as_dict(scores.get("examples")).get("items")):
            self.example(data)
        metric = str(scores.get("metric", ""))
        rows: dict[str, dict[str, Row]] = {}
        for data in as_list(scores["rows"]):
            row = _row(data) if isinstance(data, dict) else None
            if row is not None:
                rows.setdefault(row.prompt, {})[row.example] = row
        for prompt, found in rows.items():
            draft = self.drafts.get(prompt)
            if draft is not None:
                mean = _score(found.values(), metric) or 0.0
                where = (str(line.get("path", "")), from_one(str(line.get("round", ""))), metric)
                score = StepScore(*where, mean, len(found), _seconds(line), _position(line))
                if score not in draft.scores[-1:]:  # a step may give the same rows twice, as `scores` and `kept`
                    draft.scores.append(score)
                draft.rows.setdefault(metric, {}).update(found)

    def _add_critique(self, data: Mapping[str, Any], line: Mapping[str, Any]) -> None:
        prompt = self.prompt(data["prompt"], line)
        if prompt is not None and isinstance(data["text"], str):
            known = self.critiques.setdefault((prompt.id, str(line.get("round", ""))), [])
            if all(text != data["text"] for _, text in known):
                known.append((_position(line), data["text"]))

    def candidates(self, origins: Mapping[tuple[str, str, str], Origin], metric: str) -> tuple[Candidate, ...]:
        """Return the candidates. `origins` are known by the path of the step, its round and the text that was written.

        Where the origin is not recorded, the critiques of its parents in the same round are taken. Values are those of
        `metric`, or of all metrics when no step used it.
        """
        found = []
        metrics = {name for draft in self.drafts.values() for name in draft.rows}
        metrics = {metric} if metric in metrics else metrics
        for draft in self.drafts.values():
            made = draft.prompt
            shown = made.model_copy(update={"round": from_one(made.round)})
            origin = origins.get((shown.made_by, shown.round, shown.text))
            if origin is None:
                said = [one for parent in made.parents for one in self.critiques.get((parent, made.round), ())]
                origin = Origin(tuple(text for position, text in said if position < draft.line))
            rows = {key: one for name in draft.rows if name in metrics for key, one in draft.rows[name].items()}
            values = {key: row.value for key, row in rows.items()}
            score = _score(rows.values(), metric if metric in metrics else "")
            found.append(Candidate(shown, draft.t, draft.line, tuple(draft.scores), values, origin, score))
        return tuple(found)


def collect(lines: Iterable[Mapping[str, Any]]) -> Collected:
    """Read the outputs of the steps in `lines` of values.jsonl."""
    found = Collected()
    for line in lines:
        found.add(line)
    return found


def _row(data: Mapping[str, Any]) -> Row | None:
    """The row of `data`, with all that a score needs; None without a value."""
    value = finite(data.get("value"))
    if value is None:
        return None
    replies = [_answer(one) for one in as_list(data.get("repeats")) if isinstance(one, dict)]
    own = _answer(data)
    ids = str(data.get("prompt")), str(data.get("example"))
    return Row(*ids, "", own.answer, value, own.readable, truth=own.truth, repeats=tuple(replies))


def _answer(data: Mapping[str, Any]) -> Answer:
    truth, answer = data.get("truth") or "", data.get("answer") or ""
    known = bool(truth)  # without it, a metric does not need the answer either
    return Answer(
        "", str(answer) if known else "", finite(data.get("value")) or 0.0, data.get("readable") is not False, truth=str(truth)
    )


def _score(rows: Iterable[Row], metric: str) -> float | None:
    """The score of `rows`; None without any, or when the right answers are not recorded."""
    found = list(rows)
    return rows_score(found, metric) if found and scorable(found, metric) else None


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the prompts, examples, critiques and tables of scores in the outputs of a step."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += reversed(part)
        elif isinstance(part, dict):
            yield part
            if not ("rows" in part and "prompts" in part):
                waiting += reversed(part.values())


def _seconds(line: Mapping[str, Any]) -> float:
    return finite(line.get("t")) or 0.0


def _position(line: Mapping[str, Any]) -> int:
    return as_int(line.get("n"))
