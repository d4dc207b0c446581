"""Which data a metric can score: each check says why not, in words, and is empty if it can."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from promptwire.metrics import text_metrics
from promptwire.metrics.class_labels import label_of
from promptwire.security.safe_regex import compile_pattern
from promptwire.values import Example

__all__ = ["anything", "choices", "classes", "graded", "letters", "numbers", "patterns", "some_text", "some_words", "where"]

_MOST_LABELS = 50
"""Most different outputs that are taken as labels when the task names none."""


def anything(examples: Sequence[Example], labels: Sequence[str]) -> str:
    """Every example can be scored."""
    return ""


def where(examples: Sequence[Example], wrong: Callable[[str], bool], what: str) -> str:
    """How many examples have a `wrong` accepted output, with one of them."""
    bad = [output for example in examples for output in example.outputs[:1] if wrong(output)]
    return f"{len(bad)} of {len(examples)} answers {what}, such as {bad[0][:60]!r}" if bad else ""


def numbers(examples: Sequence[Example], labels: Sequence[str]) -> str:
    """Every accepted output is a number."""
    each = [Example(input="", outputs=(text,)) for example in examples for text in example.outputs]
    several = where(each, text_metrics.no_single_number, "are a date, a range, a list or an expression, and no single number")
    return several or where(examples, lambda output: text_metrics.last_number(output) is None, "hold no number")


def letters(examples: Sequence[Example], labels: Sequence[str]) -> str:
    """Every accepted output is the letter of an option."""
    return where(examples, lambda output: text_metrics.choice_letter(output) is None, "are no option letter")


def some_words(examples: Sequence[Example], labels: Sequence[str]) -> str:
    """Every accepted output holds a word."""
    return where(examples, lambda output: not text_metrics.f1(output, [output]), "have no word in them")


def choices(examples: Sequence[Example], labels: Sequence[str]) -> str:
    """Every accepted output is one of the labels that the task names."""
    if len(labels) < 2:
        return "it chooses between labels, and the task names fewer than two: add `labels: [...]`"
    return where(examples, lambda output: output not in labels, f"are none of the labels ({', '.join(labels)})")


def patterns(examples: Sequence[Example], labels: Sequence[str]) -> str:
    """Every accepted output is a pattern."""

    def broken(text: str) -> bool:
        try:
            compile_pattern(text)
        except ValueError:
            return True
        return False

    each = [Example(input="", outputs=(text,)) for example in examples for text in example.outputs]
    return where(each, broken, "are no pattern")


def some_text(examples: Sequence[Example], labels: Sequence[str]) -> str:
    """No accepted output is empty."""
    return where(examples, lambda output: not output.strip(), "are empty")


def classes(examples: Sequence[Example], labels: Sequence[str]) -> str:
    """The accepted outputs are labels: those that the task names, or a few that recur."""
    if labels:
        return where(
            examples, lambda output: label_of(output, labels) not in labels, f"are none of the labels ({', '.join(labels)})"
        )
    found = {label_of(example.output, ()) for example in examples}
    if len(found) < 2:
        return "it compares labels, and all right answers are the same"
    if len(found) > min(_MOST_LABELS, len(examples) // 2):
        many = f"{len(examples)} examples have {len(found)} different answers"
        return f"it compares labels, and {many}: name them in `labels: [...]`"
    return some_text(examples, labels)


def graded(examples: Sequence[Example], labels: Sequence[str]) -> str:
    """The accepted outputs are numbers, and not all the same."""
    problem = numbers(examples, labels)
    if not problem and len({text_metrics.last_number(example.output) for example in examples}) < 2:
        return "it correlates numbers, and all right answers are the same"
    return problem
