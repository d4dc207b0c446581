"""Guesses what the accepted outputs are, and with it the metric, the labels and how a cell is read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from promptwire.metrics import text_metrics
from promptwire.metrics.offered_options import offered
from promptwire.task_init.row_facts import RowFacts
from promptwire.values import Example

__all__ = ["AnswerKind", "answer_kind", "cell_reading"]

_FEW: Final = 50
"""Most labels."""
_LABEL: Final = 60
"""Longest label in characters."""
_WORDS: Final = 6
"""Words of a label at most, in the mean."""
_UNBALANCED: Final = 0.75
"""Share of the commonest of two labels from which they are unbalanced; less where there are more labels."""
_FREE: Final = 5
"""Words of an output, in the mean, from which equality is too strict."""
_MOST: Final = 0.9
_RATINGS: Final = 5
"""Most numbers that are taken for labels, such as stars."""
_DIGITS: Final = 3
"""Digits after the point from which a number is taken for a rounded one."""


@dataclass(frozen=True, slots=True)
class AnswerKind:
    """What the accepted outputs are."""

    kind: str
    """`labels`, `letters`, `numbers`, `json`, `text` or `none`."""
    metric: str
    """The metric for them."""
    why: str
    """Why."""
    labels: tuple[str, ...] = ()
    """The labels, sorted."""
    watch: tuple[str, ...] = ()
    """Metrics to show beside it."""
    tolerance: str = ""
    """How far a number may be off."""
    warnings: tuple[str, ...] = ()
    """What is odd about the outputs."""
    keys: tuple[str, ...] = field(default=())
    """Fields of a JSON answer."""


def cell_reading(cells: Sequence[Any]) -> dict[str, str]:
    """Keys of `columns` that say how a cell of the output is read: a marker before the answer, several outputs in a cell."""
    texts = [cell for cell in cells if isinstance(cell, str) and cell.strip()]
    if not texts:
        return {}
    if sum("####" in text for text in texts) == len(texts):
        return {"after": "####"}
    parted = [text for text in texts if "; " in text]
    short = all(len(part.split()) <= 25 for text in parted for part in text.split(";"))
    if len(parted) >= 0.3 * len(texts) > 2 and short and not any(_json(text) is not None for text in texts[:20]):
        return {"separator": ";"}
    return {}


def answer_kind(facts: RowFacts) -> AnswerKind:
    """What the accepted outputs of these rows are."""
    examples = [example for example in facts.examples if example.outputs]
    if not examples:
        return AnswerKind("none", "judge", "there are no outputs to compare with: a judge model grades the answers")
    outputs = [example.output for example in examples]
    several = sum(len(example.outputs) > 1 for example in examples)
    objects = [_json(text) for text in outputs]
    if all(isinstance(found, dict) for found in objects):
        keys = tuple(dict.fromkeys(str(key) for found in objects[:100] if isinstance(found, dict) for key in found))
        return AnswerKind("json", "json-fields", "the outputs are JSON objects: the share of right fields counts", keys=keys)
    if all(isinstance(found, list) for found in objects):
        return AnswerKind("json", "json", "the outputs are JSON lists")
    if _are_letters(examples):
        return AnswerKind("letters", "multiple-choice", "the outputs are letters of options that the inputs offer")
    labels, warnings = _labels(facts)
    numbers = all(map(_is_number, outputs))
    graded = numbers and (len(labels) > _RATINGS or not all(label.isdigit() for label in labels))
    if labels and not several and not graded:
        return _of_labels(labels, facts.outputs, warnings)
    return _numbers(outputs) if numbers else _text(examples, outputs, several)


def _json(text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_number(text: str) -> bool:
    """Whether the text is a number, and no sentence with a number in it."""
    if text_metrics.last_number(text) is None or text_metrics.no_single_number(text):
        return False
    return not any(character.isalpha() for character in text)


def _is_list(text: str) -> bool:
    """Whether the text is a list of words, such as `plum, toast`."""
    items = text.split(",")
    return len(items) > 1 and all(0 < len(item.split()) <= 2 for item in items)


def _is_reordered(example: Example) -> bool:
    """Whether the output is the last words of the input in another order."""
    given, written = example.text.casefold().split(), example.output.casefold().split()
    return len(written) > 1 and sorted(given[-len(written) :]) == sorted(written)


def _are_letters(examples: Sequence[Example]) -> bool:
    letters = [text_metrics.choice_letter(example.output) for example in examples]
    if None in letters or any(len(example.output.strip()) > 3 for example in examples) or len(set(letters)) < 2:
        return False
    some = examples[:50]
    offering = sum(len(offered(example.text)) > 1 or len(_lettered(example)) > 1 for example in some)
    return offering >= _MOST * len(some)


def _lettered(example: Example) -> list[str]:
    """Fields of the input that are named by a letter."""
    fields = example.input if isinstance(example.input, dict) else {}
    return [name for name in fields if text_metrics.choice_letter(name.rpartition("_")[2]) is not None]


def _labels(facts: RowFacts) -> tuple[tuple[str, ...], list[str]]:
    """The labels, with warnings; none when the outputs are no labels."""
    counts: dict[str, Counter[str]] = {}
    for text, count in facts.outputs.items():
        counts.setdefault(" ".join(text.casefold().split()), Counter())[text.strip()] += count
    total = facts.outputs.total()
    each = 3 if len(counts) <= _WORDS else 5
    words = sum(len(text.split()) for text in counts) / max(len(counts), 1)
    if not 2 <= len(counts) <= _FEW or total < each * len(counts) or words > _WORDS:
        return (), []
    if any(len(text) > _LABEL or "\n" in text for text in facts.outputs):
        return (), []
    warnings = []
    variants = [forms for forms in counts.values() if len(forms) > 1]
    if variants:
        shown = "; ".join(" and ".join(f"{text!r} ({count})" for text, count in forms.items()) for forms in variants[:3])
        warnings.append(f"labels that differ only in case or blanks count as one: {shown}")
    labels = sorted(forms.most_common(1)[0][0] for forms in counts.values())
    return tuple(labels), warnings


def _of_labels(labels: tuple[str, ...], counts: Counter[str], warnings: list[str]) -> AnswerKind:
    total, (top, most) = counts.total(), counts.most_common(1)[0]
    share = most / total
    limit = _UNBALANCED if len(labels) == 2 else max(0.5, 1.5 / len(labels))
    rare = [f"{text!r} ({count})" for text, count in counts.items() if count < 5]
    if 0 < len(rare) < len(counts):
        warnings.append(
            f"rare labels: {', '.join(rare[:6])}{', ...' if len(rare) > 6 else ''}: below 5 rows a label shows little"
        )
    if all(label.isdigit() for label in labels):
        shown = ", ".join(f'"{label}": ...' for label in labels[:3])
        warnings.append(f"the labels are numbers: if they are codes, say what they mean: columns: {{names: {{{shown}}}}}")
    several = f"{len(labels)} outputs recur"
    if share >= limit:
        why = f"{several}, and {top!r} is right in {share:.0%} of the rows: always saying it would look good by `exact`"
        return AnswerKind("labels", "macro-f1", why, labels, ("exact",), warnings=tuple(warnings))
    return AnswerKind(
        "labels", "exact", f"{several}; the commonest, {top!r}, has {share:.0%}", labels, warnings=tuple(warnings)
    )


def _numbers(outputs: Sequence[str]) -> AnswerKind:
    digits = max(len(text.strip().rpartition(".")[2]) if "." in text else 0 for text in outputs)
    if digits >= _DIGITS:
        return AnswerKind("numbers", "numeric", f"the outputs are numbers with up to {digits} decimals", tolerance="1%")
    return AnswerKind("numbers", "numeric", "the outputs are numbers")


def _text(examples: Sequence[Example], outputs: Sequence[str], several: int) -> AnswerKind:
    words = sum(len(text.split()) for text in outputs) / len(outputs)
    if sum(map(_is_list, outputs)) >= _MOST * len(outputs):
        return AnswerKind("text", "set", "the outputs are lists of words: their order does not count")
    if words > _FREE and sum(map(_is_reordered, examples)) >= _MOST * len(examples):
        return AnswerKind("text", "exact", "the outputs are words of the input in another order, so the order counts")
    many = f"; {several} rows accept several" if several else ""
    if words > _FREE:
        return AnswerKind(
            "text", "f1", f"the outputs are texts of {words:.0f} words in the mean{many}: their words are compared"
        )
    return AnswerKind("text", "exact", f"the outputs are short texts that differ{many}")
