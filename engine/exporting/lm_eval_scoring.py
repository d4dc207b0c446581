"""How lm-eval scores what a run scored: the nearest metric, the filters before it, and what they don't have.

lm-eval has no metric that reads an answer as promptwire does. Filters cut the answer out of the reply, and `exact_match`
compares it without case and without marks around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from promptwire.exporting.exported import Exported
from promptwire.metrics.numerals import last_number
from promptwire.metrics.option_letters import choice_letter
from promptwire.stats.set_statistics import statistic_of
from promptwire.templating.parsing import Parse
from promptwire.values import Example

__all__ = ["LmEvalScoring", "lm_eval_scoring"]

_AROUND: Final = [r"^[\s\"'`*_]+", r"[\s\"'`*_.!]+$"]
"""Marks around an answer that do not count."""
_NUMBER: Final = r"[-+]?\d[\d,]*(?:\.\d+)?|[-+]?\.\d+"
_LETTER: Final = r"\b([A-Z])\b"


@dataclass(frozen=True, slots=True)
class LmEvalScoring:
    """Scoring of a task of lm-eval."""

    metric: dict[str, Any]
    """Entry of `metric_list`."""
    filters: list[dict[str, Any]]
    """Filters before it."""
    told: tuple[str, ...]
    """What differs, in sentences for the user."""
    target: Callable[[str], str] = str
    """What an accepted output is written as."""

    def targets(self, example: Example) -> list[str]:
        """The accepted outputs of an example, as they are written."""
        return list(dict.fromkeys(map(self.target, example.outputs)))


def lm_eval_scoring(exported: Exported) -> LmEvalScoring:
    """The scoring that is nearest to that of the run."""
    filters, metric = _parse_filters(exported.record.parse), exported.record.metric
    told = [] if filters is not None else ["lm-eval can't read answers by the run's rule: it takes the whole reply"]
    statistic = statistic_of(metric)
    found = _METRICS.get(metric)
    if statistic is not None and statistic.counted is not None:
        found = _METRICS.get(metric.partition("/")[2] or "exact")
        told.append(f"lm-eval counts right answers, and has no {statistic.name}")
    if found is None:
        told.append(f"lm-eval has no metric like {metric}: it only collects the answers, which --log_samples writes")
        return LmEvalScoring({"metric": "bypass", "aggregation": "bypass"}, [*(filters or ()), *_LAST], tuple(told))
    options, more, differs, target = found(exported)
    told.append(differs)
    compared = {"metric": "exact_match", "aggregation": "mean", "higher_is_better": True, **options}
    return LmEvalScoring(compared, [*(filters or ()), *more, *_LAST], tuple(told), target)


_LAST: Final = [{"function": "remove_whitespace"}, {"function": "take_first"}]
_Found = tuple[dict[str, Any], list[dict[str, Any]], str, Callable[[str], str]]


def _regex(pattern: str, select: int = -1) -> dict[str, Any]:
    return {"function": "regex", "regex_pattern": pattern, "group_select": select}


def _exact(exported: Exported) -> _Found:
    told = "lm-eval compares without case, quotes, stars and a final stop; promptwire also reads answers such as `Answer: yes`"
    return {"ignore_case": True, "regexes_to_ignore": _AROUND}, [], told, str


def _equals(exported: Exported) -> _Found:
    return {}, [], "lm-eval leaves out blanks around the answer", str


def _contains(exported: Exported) -> _Found:
    if not exported.record.seen_labels:
        told = "lm-eval has no metric that looks for an answer in the reply: the whole reply has to be the answer"
        return {"ignore_case": True, "regexes_to_ignore": _AROUND}, [], told, str
    labels = "|".join(re.escape(label) for label in sorted(exported.record.seen_labels, key=len, reverse=True))
    told = "lm-eval compares the last label that is named in the reply; promptwire looks for the accepted ones"
    return {"ignore_case": True}, [_regex(rf"(?i)(?<!\w)(?:{labels})(?!\w)")], told, str


def _induction(exported: Exported) -> _Found:
    told = "lm-eval compares the whole answer without case and punctuation, promptwire its first sentence, without 'and'"
    return {"ignore_case": True, "ignore_punctuation": True}, [], told, str


def _numeric(exported: Exported) -> _Found:
    told = "lm-eval compares the last number of the reply as a text without commas; promptwire compares its value"
    return {"regexes_to_ignore": [",", r"^\+", r"\.0+$"]}, [_regex(_NUMBER)], told, _number


def _choice(exported: Exported) -> _Found:
    told = "lm-eval takes the last capital letter that stands alone; promptwire finds out which option the reply settles on"
    return {}, [_regex(_LETTER)], told, lambda output: choice_letter(output) or output


def _number(output: str) -> str:
    number = last_number(output)
    return output if number is None else f"{number:.15g}"


_METRICS: Final[dict[str, Callable[[Exported], _Found]]] = {
    **dict.fromkeys(("exact", "any-of"), _exact),
    "equals": _equals,
    "contains": _contains,
    "induction": _induction,
    "numeric": _numeric,
    "multiple-choice": _choice,
}
"""The scoring for each metric that lm-eval has something like."""


def _parse_filters(parse: Parse) -> list[dict[str, Any]] | None:
    """Filters that cut the answer out of a reply as `parse` does; None for a rule that they can't follow."""
    marks: Sequence[str] | None = parse.marks
    if parse.all:
        return None
    if marks:
        return [_regex(rf"(?is){re.escape(marks[0])}\s*(.*?)\s*{re.escape(marks[1])}")]
    if parse.fence:
        return [_regex(r"(?s)```[^\n]*\n(.*?)\n?```")]
    if parse.brackets:
        return [_regex(r"(?s)\[(.*)\]")]
    if parse.line:
        return [_regex(r"(?m)^[ \t]*(\S.*?)[ \t]*$", 0 if parse.line == "first" else -1)]
    if parse.json_field:
        return [_regex(rf'"{re.escape(parse.json_field)}"\s*:\s*"?((?<=")[^"]*|[^",}}\s]+)')]
    if parse.regex:
        try:
            re.compile(parse.regex)
        except re.error:
            return None
        return [_regex(parse.regex)]
    return []
