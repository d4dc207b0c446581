"""What is read out of a reply: the rule of a template in words, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptwire.metrics.metric import Metric
from promptwire.running.answer_rows import measured_row, said_in
from promptwire.templating.parsing import Parse, parse_text, reading
from promptwire.values import Example, Prompt

__all__ = ["Read", "describe", "read_answer", "read_generated", "read_rendered"]

_FALLBACKS = {
    "drop": "an unreadable reply is dropped",
    "raw": "an unreadable reply is taken whole",
    "error": "an unreadable reply ends the run with an error",
    "retry": "an unreadable reply is asked for again",
}


@dataclass(frozen=True, slots=True)
class Read:
    """What was read out of a reply."""

    answers: tuple[str, ...]
    """The answers; empty for an unreadable reply that is dropped."""
    readable: bool
    """Whether the rule found an answer."""
    value: float | None = None
    """Value of the metric; None when the reply is not scored, or only by a model."""
    answer: str = ""
    """What the metric read in the answer."""


def describe(parse: Parse) -> str:
    """The rule in words, with the treatment of an unreadable reply.

    >>> describe(Parse(tag="INS", fallback="raw"))
    'the text between <INS> and </INS>, the last one; an unreadable reply is taken whole'
    """
    if parse.whole_reply:
        return "the whole reply"
    number = "each of them" if parse.all else "the last one"
    if parse.marks:
        what = f"the text between {parse.marks[0]} and {parse.marks[1]}"
    elif parse.line:
        what, number = ("each line", "without blank ones") if parse.all else (f"the {parse.line} line", "without blank ones")
    elif parse.json_field:
        what = f"the field {parse.json_field!r} of a JSON object"
    elif parse.regex:
        what = f"a match of the pattern {parse.regex!r}"
    else:
        what = "a block between lines of three backticks" if parse.fence else "the text in square brackets"
    return f"{what}, {number}; {_FALLBACKS[parse.fallback]}"


def read_generated(reply: str, parse: Parse) -> Read:
    """Read the reply to a request that writes."""
    found = reading(reply, parse)
    return Read(found.answers, found.readable)


def read_rendered(text: str, parse: Parse) -> Read:
    """Read a text that a template gives without a model."""
    answers = parse_text(text, parse)
    return Read(answers, bool(answers))


def read_answer(reply: str, parse: Parse, metric: Metric, *, prompt: Prompt, example: Example, labels: Sequence[str]) -> Read:
    """Read and score the reply to a request with `prompt` and `example`."""
    found = reading(reply, parse)
    if metric.needs != "text":
        return Read(found.answers, found.readable)
    row = measured_row(metric, prompt, example, said_in(found, parse, metric, example, labels, cut=False), labels)
    return Read(found.answers, row.readable, row.value, row.answer)
