"""What a metric is: what it needs from a model, how it reads and scores an answer, which data it refuses."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from promptwire.errors import NodeError
from promptwire.metrics import data_checks
from promptwire.values import Example
from promptwire.values.scores import NO_VALUE

__all__ = ["Accepts", "Measured", "Metric", "Needs", "Reads", "Truth", "Value", "no_text", "whole_answer"]

_NEAR = 1e-9
Value = Callable[[str, tuple[str, ...]], float | tuple[float, str] | tuple[float, str, str | None]]
Reads = Callable[[str, Example, Sequence[str]], str | None]
Among = Callable[[str, tuple[str, ...], Sequence[str]], float]
Accepts = Callable[[Sequence[Example], Sequence[str]], str]
Truth = Callable[[str, Example, Sequence[str]], str]
Needs = Literal["text", "choice", "logprob", "judge"]


def no_text(answer: str, outputs: tuple[str, ...]) -> float:
    """The function of a metric whose value comes from the model."""
    raise TypeError("this metric reads no text: its value comes from the model")


def whole_answer(answer: str, example: Example, labels: Sequence[str]) -> str | None:
    """The answer as it is."""
    return answer


@dataclass(frozen=True, slots=True)
class Measured:
    """The score of one answer."""

    value: float
    """Its value by the metric."""
    read: str
    """What the metric read in the answer: a letter, a number, or the answer without wrappers."""
    readable: bool = True
    """False where the metric could not read the answer; the value is then 0."""
    feedback: str = ""
    """Feedback of the metric in words."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One way to score an answer."""

    name: str
    """Name in pipelines and task files."""
    doc: str
    """What it measures, in a sentence."""
    value: Value = no_text
    """The function of an answer and its accepted outputs. It gives a value, optionally with feedback, and with what was read
    (None for unreadable). `logprob` and `judge` have no function: the model gives their value."""
    accepts: Accepts = data_checks.anything
    """Why it can't score these examples with these labels; empty if it can."""
    needs: Needs = "text"
    """What a model must give: a reply, the likeliest label, the log-probability of the answer, or a reply and its grade."""
    perfect: float | None = 1.0
    """The value of a right answer; None if there is no such value."""
    scale: tuple[float, float] | None = (0.0, 1.0)
    """Lowest and highest value; None if unknown."""
    reads: Reads = whole_answer
    """Reads an answer to an example, given the task's labels; None for unreadable."""
    among: Among | None = None
    """The function to use when the task has labels, for a metric that depends on them."""
    reader: str = ""
    """Name of the metric that reads an answer, where another does: that of the answers of macro-F1."""
    truth: Truth | None = None
    """What the right answer to an example is, given what was read; only for a statistic of all answers together, whose name the
    metric has. `value` is then that of a single answer, which shows failures."""
    reference: bool = True
    """Whether it compares an answer with accepted outputs, so that every example needs one."""
    valued: bool = True
    """Whether it gives answers a value. Without one they are kept, and never averaged or ranked."""

    def seen(self, values: Sequence[float]) -> tuple[float | None, tuple[float, float] | None]:
        """The perfect value and the scale, each None if one of `values` contradicts it.

        >>> share = Metric("share", "A share.")
        >>> share.seen([0.2, 1.0]), share.seen([87.5])
        ((1.0, (0.0, 1.0)), (None, None))
        """
        low, high = min(values, default=0.0), max(values, default=0.0)
        if self.scale is not None and values and not (self.scale[0] - _NEAR <= low and high <= self.scale[1] + _NEAR):
            return None, None
        if self.perfect is not None and values and high > self.perfect + _NEAR:
            return None, self.scale
        return self.perfect, self.scale

    def grade(self, answer: str, example: Example) -> tuple[float, str]:
        """The value of an answer to `example`, and feedback; see `measure`."""
        found = self.measure(answer, example)
        return found.value, found.feedback

    def measure(self, answer: str, example: Example, labels: Sequence[str] = ()) -> Measured:
        """The value of an answer to `example`, and what was read in it; `labels` are those of the task.

        Raises NodeError when the metric fails or returns no number.
        """
        if not self.valued:
            return Measured(NO_VALUE, answer)
        try:
            read = self.reads(answer, example, labels)
            if read is None:
                return Measured(0.0, "", readable=False)
            among = self.among if labels else None
            found = among(read, example.outputs, labels) if among else self.value(read, example.outputs)
            number, *rest = found if isinstance(found, tuple) else (found,)
            value = _shared(float(number))
        except Exception as error:  # a plug-in's code can raise anything
            problem = f"the metric {self.name!r} failed on the answer {answer[:60]!r}: {type(error).__name__}: {error}"
            raise NodeError(problem) from error
        if not math.isfinite(value):
            raise NodeError(
                f"the metric {self.name!r} gave {value} for the answer {answer[:60]!r}", hint="it has to be a number"
            )
        if len(rest) > 1:
            read = None if rest[1] is None else str(rest[1])
        return Measured(value, read or "", read is not None, str((rest and rest[0]) or ""))


def _shared(value: float) -> float:
    """`value`, as one object for all rows where it is 1 or 0. The sign of zero stays."""
    if value == 1.0:
        return 1.0
    return 0.0 if value == 0.0 and math.copysign(1.0, value) > 0 else value
