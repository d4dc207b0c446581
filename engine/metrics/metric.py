"""Metrics by name: what each needs from a model, how it scores, which data it refuses.

A metric declares what it needs: a text, a choice between labels, the log-probability of the answer, or a judge. A model without
that is refused before the first call. A metric also declares which data it can score, so that an unfit task is refused instead
of scored 0 throughout. Plug-ins provide more metrics, such as `acme:brevity`: functions of an answer and its accepted outputs
under the decorator `@metric()`. If such a function fails or returns no number, the run stops with an error that names it.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from promptwire.errors import NodeError, UsageError, suggest
from promptwire.metrics import text_metrics
from promptwire.metrics.offered_options import offered
from promptwire.registry import plugins
from promptwire.registry.plugins import unknown_name_hint
from promptwire.security.safe_regex import compile_pattern
from promptwire.values import Example

__all__ = ["Measured", "Metric", "find_metric", "metric", "names"]

_NEAR = 1e-9
Value = Callable[[str, tuple[str, ...]], float | tuple[float, str] | tuple[float, str, str | None]]
Reads = Callable[[str, Example, Sequence[str]], str | None]
Among = Callable[[str, tuple[str, ...], Sequence[str]], float]
Accepts = Callable[[Sequence[Example], Sequence[str]], str]


def _anything(examples: Sequence[Example], labels: Sequence[str]) -> str:
    return ""


def _no_text(answer: str, outputs: tuple[str, ...]) -> float:
    raise TypeError("this metric reads no text: its value comes from the model")


def _whole(answer: str, example: Example, labels: Sequence[str]) -> str | None:
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
    value: Value = _no_text
    """The function of an answer and its accepted outputs. It gives a value, optionally with feedback, and with what was read
    (None for unreadable). `logprob` and `judge` have no function: the model gives their value."""
    accepts: Accepts = _anything
    """Why it can't score these examples with these labels; empty if it can."""
    needs: Literal["text", "choice", "logprob", "judge"] = "text"
    """What a model must give: a reply, the likeliest label, the log-probability of the answer, or a reply and its grade."""
    perfect: float | None = 1.0
    """The value of a right answer; None if there is no such value."""
    scale: tuple[float, float] | None = (0.0, 1.0)
    """Lowest and highest value; None if unknown."""
    reads: Reads = _whole
    """Reads an answer to an example, given the task's labels; None for unreadable."""
    among: Among | None = None
    """The function to use when the task has labels, for a metric that depends on them."""

    def seen(self, values: Sequence[float]) -> tuple[float | None, tuple[float, float] | None]:
        """The perfect value and the scale, each None if one of `values` contradicts it.

        >>> find_metric("f1").seen([0.2, 1.0]), find_metric("f1").seen([87.5])
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
        try:
            read = self.reads(answer, example, labels)
            if read is None:
                return Measured(0.0, "", readable=False)
            among = self.among if labels else None
            found = among(read, example.outputs, labels) if among else self.value(read, example.outputs)
            number, *rest = found if isinstance(found, tuple) else (found,)
            value = float(number)
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


def _bare(answer: str, example: Example, labels: Sequence[str]) -> str:
    return text_metrics.unwrapped(answer, example.outputs, labels)


def _letter(answer: str, example: Example, labels: Sequence[str]) -> str | None:
    """The letter of the option that the answer gives, by its letter or its text."""
    options = offered(example.text)
    # The accepted letter is offered, even if the question could not be read.
    accepted = filter(None, map(text_metrics.choice_letter, example.outputs))
    letters = {**dict.fromkeys(accepted, ""), **options} if options else ()
    return text_metrics.option_letter(answer, letters) or text_metrics.option_named(answer, example.text)


def _number(answer: str, example: Example, labels: Sequence[str]) -> str | None:
    number = text_metrics.last_number(answer)
    return None if number is None else f"{number:.15g}"


def _where(examples: Sequence[Example], wrong: Callable[[str], bool], what: str) -> str:
    """How many examples have a `wrong` accepted output, with one of them."""
    bad = [output for example in examples for output in example.outputs[:1] if wrong(output)]
    return f"{len(bad)} of {len(examples)} answers {what}, such as {bad[0][:60]!r}" if bad else ""


def _numbers(examples: Sequence[Example], labels: Sequence[str]) -> str:
    each = [Example(input="", outputs=(text,)) for example in examples for text in example.outputs]
    several = _where(each, text_metrics.no_single_number, "are a date, a range, a list or an expression, and no single number")
    return several or _where(examples, lambda output: text_metrics.last_number(output) is None, "hold no number")


def _letters(examples: Sequence[Example], labels: Sequence[str]) -> str:
    return _where(examples, lambda output: text_metrics.choice_letter(output) is None, "are no option letter")


def _words(examples: Sequence[Example], labels: Sequence[str]) -> str:
    return _where(examples, lambda output: not text_metrics.f1(output, [output]), "have no word in them")


def _labels(examples: Sequence[Example], labels: Sequence[str]) -> str:
    if len(labels) < 2:
        return "it chooses between labels, and the task names fewer than two: add `labels: [...]`"
    return _where(examples, lambda output: output not in labels, f"are none of the labels ({', '.join(labels)})")


def _patterns(examples: Sequence[Example], labels: Sequence[str]) -> str:
    def broken(text: str) -> bool:
        try:
            compile_pattern(text)
        except ValueError:
            return True
        return False

    each = [Example(input="", outputs=(text,)) for example in examples for text in example.outputs]
    return _where(each, broken, "are no pattern")


def _some(examples: Sequence[Example], labels: Sequence[str]) -> str:
    return _where(examples, lambda output: not output.strip(), "are empty")


_BUILT_IN = {
    metric.name: metric
    for metric in (
        Metric(
            "exact",
            "The answer is an accepted one, but for case, quotes, Markdown and the like.",
            text_metrics.exact,
            reads=_bare,
            among=text_metrics.exact,
        ),
        Metric(
            "induction", "Equality as Instruction Induction and APE measure it, without punctuation.", text_metrics.induction
        ),
        Metric(
            "contains",
            "An accepted answer occurs in the answer as whole words.",
            text_metrics.contains,
            _some,
            among=text_metrics.contains,
        ),
        Metric("set", "The same set of words as an accepted answer, in any order.", text_metrics.same_words, _words),
        Metric("f1", "Token F1, the best over the accepted answers.", text_metrics.f1, _words),
        Metric(
            "numeric",
            "The last number of the answer is that of an accepted one.",
            text_metrics.numeric,
            _numbers,
            reads=_number,
        ),
        Metric(
            "multiple-choice",
            "The answer settles on the right option letter.",
            text_metrics.multiple_choice,
            _letters,
            reads=_letter,
        ),
        Metric("regex", "An accepted output, taken as a pattern, is found in the answer.", text_metrics.pattern, _patterns),
        Metric("choice", "The likeliest of the task's labels is the right one.", text_metrics.exact, _labels, "choice"),
        Metric("logprob", "Mean log-probability of the answer's tokens; 0 is certain.", _no_text, _some, "logprob", None, None),
        Metric("judge", "What a judge model makes of the answer, from 0 to 1.", _no_text, _anything, "judge"),
    )
}
_ALSO = {"any-of": "exact", "exact-set": "set"}
"""Aliases: each metric accepts any of several outputs, so `any-of` is `exact`."""


def find_metric(name: str) -> Metric:
    """The metric called `name`: a built-in one, or a plug-in's, such as `acme:brevity`.

    Raises UsageError when there is none, or when its plug-in can't be loaded.
    """
    plugin, colon, own = name.partition(":")
    if not colon:
        known = _BUILT_IN.get(_ALSO.get(name, name))
        if known is None:
            raise UsageError(f"there is no metric {name!r}", hint=suggest(name, (*_BUILT_IN, *_ALSO), noun="metrics"))
        return known
    found = _brought(plugin)
    if own not in found:
        raise UsageError(f"there is no metric {name!r}", hint=unknown_name_hint(name, found, "metrics"))
    return replace(found[own], name=name)


def names() -> tuple[str, ...]:
    """Names of all metrics, sorted."""
    others = (f"{plugin}:{own}" for plugin in plugins.plugin_names() for own in _brought(plugin))
    return tuple(sorted({*_BUILT_IN, *_ALSO, *others}))


def metric(
    *,
    accepts: Accepts = _anything,
    perfect: float | Literal["highest"] | None = "highest",
    scale: tuple[float, float] | None = None,
) -> Callable[[Value], Metric]:
    """Make a function `(answer, outputs) -> float` a metric, for plug-ins.

    `outputs` are the accepted outputs of the example; a higher value is better. A result `(value, feedback)` also gives words,
    which optimizers can show to a meta model (GEPA's feedback function). `accepts` says which data the metric can't score, so
    that a task is refused before a run. `scale` is the lowest and the highest value, such as `(0, 100)`. A metric without one
    counts as 0 to 1 until it gives another value. `perfect` is the value of a right answer: by default the highest, None if
    there is none.

    Raises ValueError if the scale does not rise or is not numeric.
    """
    if scale is not None and not (math.isfinite(scale[0]) and math.isfinite(scale[1]) and scale[0] < scale[1]):
        raise ValueError(f"a metric's scale goes from a number to a larger one, not {scale}")
    span = (float(scale[0]), float(scale[1])) if scale is not None else (0.0, 1.0)
    best = span[1] if perfect == "highest" else perfect
    undeclared = scale is None and best != 1.0  # with a perfect value of its own it is on no scale that is known

    def declare(value: Value) -> Metric:
        doc = (inspect.getdoc(value) or "").partition("\n")[0]
        name = value.__name__.rstrip("_").replace("_", "-")
        return Metric(name, doc, value, accepts, perfect=best, scale=None if undeclared else span)

    return declare


def _brought(plugin: str) -> dict[str, Metric]:
    return plugins.plugin_members(plugin, Metric, lambda found: found.value.__module__)
