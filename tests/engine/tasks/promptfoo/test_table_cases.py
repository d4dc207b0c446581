"""Cells of `__expected` as asserts, lists in one text, and tables of tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promptwire.errors import DataError, Location, PipelineError
from promptwire.tasks.promptfoo.table_cases import assert_of_cell, comma_separated, table_tests

HERE = Location("t.csv", 3, 1)


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("Paris", {"type": "equals", "value": "Paris"}),
        ("equals: Paris", {"type": "equals", "value": "Paris"}),
        ("note: this is text", {"type": "equals", "value": "note: this is text"}),
        ("contains:a: b", {"type": "contains", "value": "a: b"}),
        ("not-icontains: x\ny", {"type": "not-icontains", "value": "x\ny"}),
        ("contains-any: a, \"b, c\"", {"type": "contains-any", "value": ["a", "b, c"]}),
        ("similar(0.9): hello", {"type": "similar", "value": "hello", "threshold": 0.9}),
        ("similar: hello", {"type": "similar", "value": "hello", "threshold": 0.8}),
        ("levenshtein(2): hello", {"type": "levenshtein", "value": "hello", "threshold": 2.0}),
        ("is-json", {"type": "is-json"}),
        ("grade: be kind", {"type": "llm-rubric", "value": " be kind"}),
        ("javascript: output > 1", {"type": "javascript", "value": "output > 1"}),
        ("fn: output > 1", {"type": "javascript", "value": "output > 1"}),
        ("file://check.mjs", {"type": "javascript", "value": "file://check.mjs"}),
        ("python: len(output)", {"type": "python", "value": "len(output)"}),
        ("file://check.py:graded", {"type": "python", "value": "check.py:graded"}),
        ("https://example.org", {"type": "equals", "value": "https://example.org"}),
    ],
)  # fmt: skip
def test_a_cell_is_this_assert(cell: str, wanted: dict[str, Any]) -> None:
    assert assert_of_cell(cell, HERE) == wanted


@pytest.mark.parametrize(
    ("text", "values"),
    [("a,b", ["a", "b"]), (" a , b ,", ["a", "b"]), ('"a,b" , c', ["a,b", "c"]), ('"say ""hi""", \'x\'', ['say "hi"', "'x'"]), (r'"a\"b\\"', ['a"b\\']), ("", [])],
)  # fmt: skip
def test_a_text_holds_these_values(text: str, values: list[str]) -> None:
    assert comma_separated(text, HERE) == values


@pytest.mark.parametrize("text", ['"a', '"a" b, c'])
def test_a_quote_that_is_not_closed_before_a_comma_is_refused(text: str) -> None:
    with pytest.raises(PipelineError, match=r"t\.csv:3:1: the list .* has a quote that is not closed"):
        comma_separated(text, HERE)


def test_rows_keep_line_ends_and_blanks_and_know_their_lines() -> None:
    text = (
        "q ,__expected,__expected2,__description,__threshold,__config:__expected2:threshold,__metric,__metadata:x\r\n"
        '"a\r\nb\u2028c", x ,similar: y,first,0.5,0.7,m,z\r\n\r\n,,,,,,,\r\n  d  ,,,,,,,\r\n'
    )
    first, second = table_tests(Path("t.csv"), text)
    assert first.data() == {
        "vars": {"q": "a\r\nb\u2028c"},
        "assert": [{"type": "equals", "value": "x"}, {"type": "similar", "value": "y", "threshold": 0.7}],
        "description": "first",
        "options": {},
        "threshold": 0.5,
    }
    assert (first.position.line, second.position.line) == (2, 6)
    assert second.data()["vars"] == {"q": "  d  "}


def test_a_column_without_counterpart_and_a_threshold_that_is_none_are_errors() -> None:
    with pytest.raises(DataError, match=r"t\.csv:1: the column '__providerOutput' has no counterpart"):
        list(table_tests(Path("t.csv"), "q,__providerOutput\n1,2\n"))
    with pytest.raises(PipelineError, match=r"t\.csv:2:1: a threshold is a number, not 'much'"):
        list(table_tests(Path("t.csv"), "q,__threshold\n1,much\n"))
