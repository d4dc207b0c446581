"""Asserts: the type, value and weight of each, with the variables of its test filled in.

What is no score (cost, latency, weight 0) is left out with a note. What has no counterpart is refused with its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from promptwire.documents.document import YamlValue
from promptwire.documents.validation_errors import describe
from promptwire.errors import Location, closest
from promptwire.tasks.promptfoo.cases import TestCase
from promptwire.tasks.promptfoo.nunjucks import text_of
from promptwire.tasks.promptfoo.prompts import read_parts
from promptwire.tasks.promptfoo.source import FILE, Folder, is_text, refuse, text_at
from promptwire.tasks.promptfoo.table_cases import comma_separated
from promptwire.tasks.promptfoo.variables import filled

__all__ = ["Assert", "AssertSet", "read_asserts"]

TEXT: Final = (
    "equals", "contains", "icontains", "contains-any", "icontains-any", "contains-all", "icontains-all", "starts-with", "regex",
)  # fmt: skip
JSON: Final = ("is-json", "contains-json")
JUDGED: Final = ("llm-rubric", "g-eval", "model-graded-closedqa", "factuality", "model-graded-factuality", "similar")
GRADED: Final = ("rouge-n", "bleu", "gleu", "meteor", "levenshtein")
NO_SCORE: Final = ("cost", "latency")
_LISTS: Final = ("contains-any", "icontains-any", "contains-all", "icontains-all")
_ALIASES: Final = {"similar:cosine": "similar", "similar:dot": "similar", "similar:euclidean": "similar"}
_KEYS: Final = ("type", "value", "threshold", "weight", "metric", "config", "provider", "rubricPrompt")
_REFUSED: Final = {
    "javascript": "no JavaScript is run: write the check as a metric in Python, see docs/plugins.md, and leave the assert out",
    "ruby": "no Ruby is run: write the check as a metric in Python, see docs/plugins.md, and leave the assert out",
    "webhook": "no other server is asked: write the check as a metric in Python, see docs/plugins.md",
    "python": "write the check as a metric, `@metric() def NAME(answer, outputs)`, leave the assert out, and run with "
    "`metric: FILE:NAME` and --plugins FILE.py, see docs/plugins.md; or let `promptwire task init` write that file: "
    "--plugins promptfoo.py",
    "select-best": "promptwire compares prompts itself: leave it out",
    "max-score": "promptwire compares prompts itself: leave it out",
    "is-refusal": "write what a refusal looks like as `regex`",
    "word-count": "write it as `regex`, such as ^(?:\\S+\\s*){1,20}$",
}
_LEAVE_OUT: Final = "leave it out, or write the check as a metric in Python: docs/plugins.md"


@dataclass(frozen=True, slots=True)
class Assert:
    """One assert of one test."""

    kind: str
    """Its type, without `not-`."""
    negated: bool
    """Whether it has to fail."""
    value: Any
    """Its value with variables filled in: a text, a list of texts, an object, or None."""
    weight: float
    """Its part of the score of a test with a threshold."""
    where: Location
    """Where it is."""
    source: YamlValue
    """The value as it is written; the assert without one."""
    threshold: float | None = None
    """From which value it passes."""
    config: Any = None
    """What a program gets beside the reply."""

    @property
    def name(self) -> str:
        """Its type as it is written."""
        return f"not-{self.kind}" if self.negated else self.kind


@dataclass(frozen=True, slots=True)
class AssertSet:
    """Asserts that pass together, or by the share that passes."""

    items: tuple[Assert | AssertSet, ...]
    """Its asserts."""
    threshold: float | None
    """The share that has to pass; None for all."""
    weight: float = 1.0
    """Its part of a score."""

    def flat(self) -> tuple[Assert, ...]:
        """All asserts in it."""
        return tuple(one for item in self.items for one in ((item,) if isinstance(item, Assert) else item.flat()))


def read_asserts(case: TestCase, folder: Folder, note: Callable[[str], None], *, plugins: bool = False) -> AssertSet:
    """The asserts of a test. `note` gets what is left out. Raises PipelineError for what has no counterpart."""
    return AssertSet(
        tuple(_read(one, case, folder, note, plugins=plugins) for one in _kept(case.asserts, note)), case.threshold
    )


def _kept(asserts: tuple[YamlValue, ...] | list[YamlValue], note: Callable[[str], None]) -> list[YamlValue]:
    kept = []
    for one in asserts:
        weight, kind = one.get("weight"), one.get("type")
        if kind is not None and is_text(kind) and str(kind.value).removeprefix("not-") in NO_SCORE:
            note(f"{one.location}: {kind.value} is no score and is left out; the report shows calls, tokens and cost")
        elif weight is not None and weight.value == 0:
            note(f"{one.location}: an assert of the weight 0 never fails a test and is left out")
        else:
            kept.append(one)
    return kept


def _read(
    given: YamlValue, case: TestCase, folder: Folder, note: Callable[[str], None], *, plugins: bool
) -> Assert | AssertSet:
    if not isinstance(given.value, dict):
        refuse(given, f"an assert is a mapping, not {describe(given.data())}", "- {type: equals, value: ...}")
    kind = given.get("type")
    if kind is None:
        refuse(given, "the assert has no type", "- {type: equals, value: ...}")
    name = text_at(kind, "the type of an assert")
    weight = _number(given.get("weight"), 1.0)
    threshold = given.get("threshold")
    if name == "assert-set":
        inner = given.get("assert")
        if inner is None or not isinstance(inner.value, list):
            refuse(given, "an assert-set holds a list of asserts", "- {type: assert-set, assert: [...]}")
        items = tuple(_read(folder.resolved(one), case, folder, note, plugins=plugins) for one in _kept(inner.value, note))
        return AssertSet(items, None if threshold is None else _number(threshold, 0.0), weight or 0.0)
    negated = name.startswith("not-")
    bare = name.removeprefix("not-")
    bare = _ALIASES.get(bare, bare)
    _check(given, kind, bare, plugins=plugins)
    written, config = given.get("value"), given.get("config")
    if bare == "python" and written is not None:
        value: Any = text_at(written, "the code of an assert")
    else:
        value = _value(written, bare, case, folder)
    return Assert(
        bare,
        negated,
        value,
        weight or 0.0,
        given.location,
        written or given,
        None if threshold is None else _number(threshold, 0.0),
        None if config is None else config.data(),
    )


def _check(given: YamlValue, kind: YamlValue, bare: str, *, plugins: bool) -> None:
    """Raise PipelineError for an assert without a counterpart."""
    known = (*TEXT, *JSON, *JUDGED, *GRADED)
    if bare not in known and not (bare == "python" and plugins):
        near = closest(bare, known)
        hint = _REFUSED.get(bare) or (f"did you mean {near!r}?" if near else _LEAVE_OUT)
        refuse(kind, f"the assert {str(kind.value)[:60]!r} has no counterpart in promptwire", hint)
    for key in ("transform", "contextTransform"):
        if (code := given.get(key)) is not None:
            refuse(code.key_location, f"{key!r} of an assert is a program", "`parse:` in the task file reads a part of a reply")
    for key, value in given.value.items() if isinstance(given.value, dict) else ():
        if key not in _KEYS:
            refuse(value.key_location, f"an assert has no key {key!r}", f"known: {', '.join(_KEYS)}")


def _number(value: YamlValue | None, usual: float) -> float:
    if value is None or value.value is None:
        return usual
    if isinstance(value.value, bool) or not isinstance(value.value, int | float):
        refuse(value, f"weights and thresholds are numbers, not {describe(value.data())}")
    return float(value.value)


def _value(given: YamlValue | None, kind: str, case: TestCase, folder: Folder) -> Any:
    if given is None or given.value is None:
        if kind in JSON:
            return None
        refuse(given or case.where, f"the assert {kind!r} has no value", f"- {{type: {kind}, value: ...}}")
    value = _filled(given, case, folder)
    if kind in _LISTS and isinstance(value, str):
        value = comma_separated(value, given.location)
    if kind in _LISTS and (not isinstance(value, list) or not value):
        refuse(given, f"the value of {kind!r} is a list of texts", "value: [one, other]")
    if kind not in (*_LISTS, *JSON, "equals", "similar", *JUDGED) and not isinstance(value, str):
        refuse(given, f"the value of {kind!r} is a text, not {describe(value)}", "put it in quotes")
    return [text_of(one) for one in value] if kind in _LISTS else value


def _filled(given: YamlValue, case: TestCase, folder: Folder) -> Any:
    """The value with the variables of the test, or out of the file that it names."""
    value = given.value
    if isinstance(value, list):
        return [_filled(one, case, folder) if is_text(one) else one.data() for one in value]
    if not isinstance(value, str):
        data = given.data()
        return text_of(data) if isinstance(data, int | float | bool) else data
    if not value.startswith(FILE):
        return filled(read_parts(value, given.location), case.values) if "{" in value else value
    path = folder.file(value, given)
    if path.suffix.lower() in (".yaml", ".yml", ".json"):
        return folder.values(path, given).data()
    if path.suffix.lower() != ".txt":
        refuse(given, f"the value of an assert is read from .txt, .json and .yaml, not {path.name!r}")
    return folder.text(path, given).strip()
