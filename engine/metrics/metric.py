"""Metrics by name: what each needs from a model, how it scores, which data it refuses.

A metric declares what it needs: a text, a choice between labels, the log-probability of the answer, or a judge. A model without
that is refused before the first call. A metric also declares which data it can score, so that an unfit task is refused instead
of scored 0 throughout. Plug-ins provide more metrics, such as `acme:brevity`: functions of an answer and its accepted outputs
under the decorator `@metric()`. If such a function fails or returns no number, the run stops with an error that names it.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from promptwire.errors import UsageError, suggest
from promptwire.metrics import class_labels, data_checks, json_answers, text_metrics
from promptwire.metrics.metric_type import Accepts, Measured, Metric, Needs, Reads, Truth, Value, no_text
from promptwire.metrics.offered_options import offered
from promptwire.registry import plugins
from promptwire.registry.plugins import unknown_name_hint
from promptwire.stats.set_statistics import STATISTICS, SetStatistic, statistic_of
from promptwire.values import Example

__all__ = ["Measured", "Metric", "find_metric", "metric", "names", "needs_outputs"]


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
            data_checks.some_text,
            among=text_metrics.contains,
        ),
        Metric(
            "set", "The same set of words as an accepted answer, in any order.", text_metrics.same_words, data_checks.some_words
        ),
        Metric("f1", "Token F1, the best over the accepted answers.", text_metrics.f1, data_checks.some_words),
        Metric(
            "numeric",
            "The last number of the answer is that of an accepted one.",
            text_metrics.numeric,
            data_checks.numbers,
            reads=_number,
        ),
        Metric(
            "multiple-choice",
            "The answer settles on the right option letter.",
            text_metrics.multiple_choice,
            data_checks.letters,
            reads=_letter,
        ),
        Metric(
            "regex",
            "An accepted output, taken as a pattern, is found in the answer.",
            text_metrics.pattern,
            data_checks.patterns,
        ),
        Metric("equals", "The answer is an accepted one, character by character.", text_metrics.equals),
        Metric(
            "includes",
            "An accepted output is a part of the answer, character by character.",
            text_metrics.includes,
            data_checks.some_text,
        ),
        Metric(
            "includes-any-case",
            "An accepted output is a part of the answer, in upper or lower case.",
            text_metrics.includes_any_case,
            data_checks.some_text,
        ),
        Metric(
            "choice", "The likeliest of the task's labels is the right one.", text_metrics.exact, data_checks.choices, "choice"
        ),
        Metric(
            "logprob",
            "Mean log-probability of the answer's tokens; 0 is certain.",
            no_text,
            data_checks.some_text,
            "logprob",
            None,
            None,
        ),
        Metric("json", "The answer holds the same JSON as an accepted output.", json_answers.equal, json_answers.unfit),
        Metric("json-fields", "Share of the fields of a JSON answer that are right.", json_answers.share, json_answers.unfit),
        Metric(
            "valid-json", "The answer is JSON, by the task's `json_schema` if it has one.", json_answers.valid, reference=False
        ),
        Metric(
            "contains-json",
            "The answer holds JSON, by the task's `json_schema` if it has one.",
            json_answers.held,
            reference=False,
        ),
        Metric("judge", "What a judge model makes of the answer, from 0 to 1.", needs="judge", reference=False),
        Metric(
            "none", "No value: answers are kept and compared by nodes.", perfect=None, scale=None, reference=False, valued=False
        ),
    )
}
_READERS: Mapping[str, tuple[Needs, Reads, Value, Accepts, Truth]] = {
    "exact": ("text", class_labels.label_read, text_metrics.exact, data_checks.classes, class_labels.true_label),
    "contains": ("text", class_labels.mentioned_label, text_metrics.exact, data_checks.classes, class_labels.true_label),
    "choice": ("choice", class_labels.label_read, text_metrics.exact, data_checks.choices, class_labels.true_label),
    "multiple-choice": ("text", _letter, text_metrics.multiple_choice, data_checks.letters, class_labels.true_letter),
    "numeric": ("text", _number, class_labels.closeness, data_checks.graded, class_labels.true_number),
}
"""How metrics over a set of answers read one answer, by the name of the metric that reads alike. The first is for labels."""
_ALSO = {"any-of": "exact", "exact-set": "set"}
"""Aliases: each metric accepts any of several outputs, so `any-of` is `exact`."""


def find_metric(name: str) -> Metric:
    """The metric called `name`: a built-in one, or a plug-in's, such as `acme:brevity`.

    Raises UsageError when there is none, or when its plug-in can't be loaded.
    """
    plugin, colon, own = name.partition(":")
    if not colon and (statistic := statistic_of(name)) is not None:
        return _over_a_set(name, statistic)
    if not colon:
        known = _BUILT_IN.get(_ALSO.get(name, name))
        if known is None:
            raise UsageError(
                f"there is no metric {name!r}", hint=suggest(name, (*_BUILT_IN, *_ALSO, *STATISTICS), noun="metrics")
            )
        return known
    found = _brought(plugin)
    if own not in found:
        raise UsageError(f"there is no metric {name!r}", hint=unknown_name_hint(name, found, "metrics"))
    return replace(found[own], name=name)


def needs_outputs(name: str) -> bool:
    """Whether the metric called `name` compares with accepted outputs; also true of a name without a metric."""
    try:
        return find_metric(name).reference
    except UsageError:  # reported where the metric is loaded
        return True


def _over_a_set(name: str, statistic: SetStatistic) -> Metric:
    """The metric `name` of all answers together. After a slash it names how one answer is read."""
    fit = ["numeric"] if statistic.graded else [reader for reader in _READERS if reader != "numeric"]
    own, slash, reader = name.partition("/")
    if slash and reader not in fit:
        hint = f"{own} can read answers as: {', '.join(fit)}"
        raise UsageError(f"the metric {own!r} can't read answers as {reader!r}", hint=hint)
    needs, reads, value, accepts, truth = _READERS[reader or fit[0]]
    among = text_metrics.exact if value is text_metrics.exact else None
    return Metric(name, statistic.doc, value, accepts, needs, reads=reads, among=among, reader=reader or fit[0], truth=truth)


def names() -> tuple[str, ...]:
    """Names of all metrics, sorted."""
    others = (f"{plugin}:{own}" for plugin in plugins.plugin_names() for own in _brought(plugin))
    return tuple(sorted({*_BUILT_IN, *_ALSO, *STATISTICS, *others}))


def metric(
    *,
    accepts: Accepts = data_checks.anything,
    perfect: float | Literal["highest"] | None = "highest",
    scale: tuple[float, float] | None = None,
    reference: bool = True,
) -> Callable[[Value], Metric]:
    """Make a function `(answer, outputs) -> float` a metric, for plug-ins.

    `outputs` are the accepted outputs of the example; a higher value is better. A result `(value, feedback)` also gives words,
    which optimizers can show to a meta model (GEPA's feedback function). `accepts` says which data the metric can't score, so
    that a task is refused before a run. `scale` is the lowest and the highest value, such as `(0, 100)`. A metric without one
    counts as 0 to 1 until it gives another value. `perfect` is the value of a right answer: by default the highest, None if
    there is none. Without `reference` it needs no accepted output, and `outputs` may be empty.

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
        return Metric(name, doc, value, accepts, perfect=best, scale=None if undeclared else span, reference=reference)

    return declare


def _brought(plugin: str) -> dict[str, Metric]:
    return plugins.plugin_members(plugin, Metric, lambda found: found.value.__module__)
