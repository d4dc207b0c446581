"""Rows of the final comparison: each example with the outputs and values of the initial and of the best prompt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from promptwire.results.lenient import as_dict, as_list, read_model
from promptwire.results.report import REPORT
from promptwire.security.untrusted_numbers import finite
from promptwire.stats.prompt_score import contributions, scorable
from promptwire.tasks.splits import group_of
from promptwire.values import Answer, Example, Prompt, Row

__all__ = ["Change", "PairedRow", "Side", "Split", "contributed", "groups_of", "paired_rows", "score_row"]

Split = Literal["test", "train"]
Change = Literal["fixed", "broken", "same"]
_SPLITS: Final[tuple[Split, ...]] = ("test", "train")
"""Order in which the comparisons are made."""


@dataclass(frozen=True, slots=True)
class Side:
    """Result of one of the two prompts on an example."""

    value: float
    """Value of the metric; the mean when the example was answered several times."""
    output: str | None = None
    """The model's whole reply; None when an earlier version did not record it."""
    answer: str | None = None
    """The answer read out of the reply; None when it is not recorded."""
    readable: bool = True
    """Whether an answer could be read."""
    feedback: str = ""
    """The metric's feedback in words."""
    repeats: tuple[Side, ...] = ()
    """All answers, when the model answered the example several times."""
    truth: str = ""
    """The right label or number, for a metric over all answers."""


@dataclass(frozen=True, slots=True)
class PairedRow:
    """One example of the comparison."""

    id: str
    """Id of the example."""
    example: Example | None
    """Input and accepted outputs; None when an earlier version did not record them."""
    initial: Side
    """Result of the initial prompt."""
    best: Side
    """Result of the best prompt."""

    @property
    def change(self) -> Change:
        """`fixed` when the best prompt has the higher value, `broken` when it has the lower one."""
        difference = self.best.value - self.initial.value
        return "fixed" if difference > 0 else "broken" if difference < 0 else "same"


def paired_rows(
    lines: Iterable[Mapping[str, Any]], split: Split, examples: Mapping[str, Example]
) -> tuple[tuple[PairedRow, ...], Prompt | None, Prompt | None]:
    """Return the rows of `split` in `lines` of values.jsonl, with the initial and the best prompt if they are recorded there.

    `examples` are those known from elsewhere, by id. Earlier versions recorded no rows, and the two splits without a name.
    """
    found = [line for line in lines if line.get("path") == REPORT and isinstance(line.get("outputs"), dict)]
    named = [line for line in found if line.get("element") == split]
    place = _SPLITS.index(split)
    unnamed = [line for line in found if line.get("element") not in _SPLITS][place : place + 1]
    outputs = next((as_dict(line["outputs"]) for line in (*named, *unnamed)), as_dict(None))
    scores = as_dict(outputs.get("scores"))
    prompts = [read_model(Prompt, data) for data in as_list(as_dict(scores.get("prompts")).get("items"))]
    initial, best = (prompts[0], prompts[-1]) if prompts else (None, None)
    known = {**examples, **_examples(scores)}
    sides = _sides(scores.get("rows"))
    rows = []
    for pair in as_list(outputs.get("pairs")):
        values = [finite(value) for value in pair[1:3]] if isinstance(pair, list) and len(pair) == 3 else [None]
        if len(values) == 2 and values[0] is not None and values[1] is not None:
            key = str(pair[0])
            first = _side(sides, initial, key, values[0])
            second = _side(sides, best, key, values[1])
            rows.append(PairedRow(key, known.get(key), first, second))
    return tuple(rows), initial, best


def score_row(example: str, side: Side) -> Row:
    """`side` as a row that a prompt's score can be made of."""
    replies = tuple(Answer("", one.answer or "", one.value, one.readable, truth=one.truth) for one in side.repeats)
    return Row("", example, "", side.answer or "", side.value, side.readable, truth=side.truth, repeats=replies)


def contributed(rows: Sequence[PairedRow], metric: str) -> tuple[dict[str, float], dict[str, float]]:
    """What each example contributes to the score of the initial and of the best prompt, by its id; see `contributions`.

    Empty when the rows lack what the metric needs.
    """
    first = [score_row(row.id, row.initial) for row in rows]
    second = [score_row(row.id, row.best) for row in rows]
    if not scorable([*first, *second], metric):
        return {}, {}
    one, other = contributions(first, metric), contributions(second, metric)
    ids = [row.id for row in rows]
    return dict(zip(ids, one, strict=True)), dict(zip(ids, other, strict=True))


def groups_of(rows: Sequence[PairedRow], column: str) -> dict[str, str]:
    """Return the group of each of `rows` by its id; empty without a column, or when an example does not have it."""
    if not column:
        return {}
    try:
        return {row.id: group_of(row.example, column) for row in rows if row.example is not None}
    except KeyError:
        return {}


def _side(sides: Mapping[tuple[str, str], Mapping[str, Any]], prompt: Prompt | None, example: str, value: float) -> Side:
    row = sides.get((prompt.id, example)) if prompt is not None else None
    return Side(value) if row is None else _read(row, value)


def _read(row: Mapping[str, Any], value: float) -> Side:
    output, answer = row.get("output"), row.get("answer")
    return Side(
        value,
        output if isinstance(output, str) else None,
        answer if isinstance(answer, str) else None,
        row.get("readable") is not False,
        str(row.get("feedback") or ""),
        tuple(_read(as_dict(one), finite(as_dict(one).get("value")) or 0.0) for one in as_list(row.get("repeats"))),
        str(row.get("truth") or ""),
    )


def _sides(rows: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows by the ids of prompt and example; of several answers to an example the first."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in as_list(rows):
        if isinstance(row, dict):
            found.setdefault((str(row.get("prompt")), str(row.get("example"))), row)
    return found


def _examples(scores: Mapping[str, Any]) -> dict[str, Example]:
    made = (read_model(Example, data) for data in as_list(as_dict(scores.get("examples")).get("items")))
    return {example.id: example for example in made if example is not None}
