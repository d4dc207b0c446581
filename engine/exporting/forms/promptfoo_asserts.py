"""Asserts of promptfoo for a run's metric, and the JavaScript that reads an answer out of a reply.

Asserts of promptfoo's own types are used where they decide as the metric does. Where the metric forgives more, a line of
JavaScript comes near to it, and that is told. No text of a run becomes code: values are read from the test's variables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from promptwire.exporting.exported import Exported
from promptwire.templating.parsing import Parse

__all__ = ["asserts_of", "transform_of"]

_SAME: Final[Mapping[str, str]] = {
    "equals": "equals",
    "includes": "contains",
    "includes-any-case": "icontains",
    "regex": "regex",
}
"""Asserts that decide as a metric does, for one accepted output."""

_PLAIN: Final = (
    r"""(text) => String(text).trim().replace(/^[\s"'`*_]+|[\s"'`*_.!]+$/g, "").replace(/\s+/g, " ").toLowerCase()"""
)
_NUMBER: Final = r"""(text) => Number((String(text).replace(/(\d),(?=\d\d\d)/g, "$1").match(/-?\d+(\.\d+)?/g) || []).pop())"""
_ANY: Final = "context.vars.example.outputs.some((right) => {test})"
_NEAR: Final[Mapping[str, str]] = {
    "exact": f"((plain) => {_ANY.format(test='plain(output) === plain(right)')})({_PLAIN})",
    "contains": f"((plain) => {_ANY.format(test='plain(output).includes(plain(right))')})({_PLAIN})",
    "numeric": f"((number) => {_ANY.format(test='Math.abs(number(output) - number(right)) <= 1e-9')})({_NUMBER})",
    "equals": _ANY.format(test="String(output) === right"),
    "includes": _ANY.format(test="String(output).includes(right)"),
    "includes-any-case": _ANY.format(test="String(output).toLowerCase().includes(right.toLowerCase())"),
    "regex": _ANY.format(test="new RegExp(right).test(String(output))"),
}
"""Expressions of JavaScript that come near to a metric, or equal one with several accepted outputs."""
_READ_AS: Final = {"any-of": "exact", "choice": "exact", "multiple-choice": "exact", "exact-set": "exact", "set": "exact"}
"""Metrics that another one's expression comes nearest to."""
_OVER_ALL: Final = ("macro-f1", "balanced-accuracy", "matthews")


def asserts_of(exported: Exported) -> tuple[list[dict[str, Any]], list[str]]:
    """The asserts of all tests, and what differs from the metric."""
    record, one = exported.record, all(len(test.outputs) == 1 for test in exported.tests)
    own, _, reader = record.metric.partition("/")
    if record.metric in _SAME and one:
        differ = ["promptfoo reads the patterns as JavaScript does, the run as Python does"] if record.metric == "regex" else []
        return [{"type": _SAME[record.metric], "value": "{{ example.outputs[0] }}"}], differ
    if record.metric == "valid-json":
        schema = {"value": record.json_schema} if record.json_schema else {}
        return [{"type": "is-json", **schema}], []
    if record.metric == "judge":
        value = (
            "The answer is right. An accepted answer: {{ example.outputs[0] }}" if one else "The answer is right and complete."
        )
        return [{"type": "llm-rubric", "value": value}], [
            "promptfoo grades by its own prompt and model, not by the run's judge"
        ]
    told = []
    if own in _OVER_ALL:
        told.append(f"promptfoo has no {own}: its pass rate is the share of right answers")
        own = reader or "exact"
    near = _READ_AS.get(own, own)
    if near not in _NEAR:
        return [], [f"promptfoo has no assert like the metric {record.metric}: the tests have none, and every reply passes"]
    if own not in _SAME:
        told.append(f"the assert comes near to the metric {record.metric}, which forgives more ways to write an answer")
    if record.tolerance is not None:
        told.append("the assert leaves the tolerance of the task out")
    return [{"type": "javascript", "value": _NEAR[near]}], told


def transform_of(parse: Parse) -> str:
    """An expression of JavaScript that reads the answer out of `output`; empty text for an unreadable reply."""
    text = r"""String(output).replace(/<(think|thinking|reasoning)>[\s\S]*?<\/\1>/gi, "")"""
    last = "(found.length ? found[found.length - 1] : {missing}).trim()"
    missing = "text" if parse.fallback == "raw" else '""'
    if parse.marks:
        opening, closing = map(_pattern, parse.marks)
        between = opening + r"([\s\S]*?)(?:" + closing + "|$)"
        pattern = f'new RegExp({_text(between)}, "gi")'
        found = f"[...text.matchAll({pattern})].map((one) => one[1]).filter((one) => one.trim())"
    elif parse.fence:
        found = r"[...text.matchAll(/^[ \t]*(`{3,})[^\n`]*\n([\s\S]*?)^[ \t]*\1[ \t]*$/gm)].map((one) => one[2])"
    elif parse.brackets:
        found = r"[...text.matchAll(/\[([\s\S]*)\]/g)].map((one) => one[1])"
    elif parse.line:
        found = r"text.split(/\r?\n/).filter((one) => one.trim())"
        found = f"{found}.slice(0, 1)" if parse.line == "first" else found
    elif parse.json_field:
        value = f"JSON.parse(one[0])[{_text(parse.json_field)}]"
        tried = f"(() => {{ try {{ return [String({value})]; }} catch {{ return []; }} }})()"
        found = rf"[...text.matchAll(/\{{[^{{}}]*\}}/g)].flatMap((one) => {tried})"
    elif parse.regex:
        pattern = f'new RegExp({_text(parse.regex)}, "g")'
        found = f"[...text.matchAll({pattern})].map((one) => one[1] ?? one[0])"
    else:
        return f"{text}.trim()"
    return f"((text) => ((found) => {last.format(missing=missing)})({found}))({text})"


def _pattern(mark: str) -> str:
    """A pattern that matches `mark` itself."""
    return "".join(f"\\u{ord(one):04x}" if ord(one) < 0x10000 and not one.isalnum() else one for one in mark)


def _text(value: str | Sequence[str]) -> str:
    """A text as JavaScript, without braces, which promptfoo would take for its own."""
    return json.dumps(value).replace("{", "\\u007b").replace("}", "\\u007d")
