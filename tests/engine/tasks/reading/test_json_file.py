"""JSON documents: rows wherever people put them, and the line of a row that is no example."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.errors import DataError

ROWS = '[{"input": "a", "output": "b"}, {"input": "c", "output": "d"}]'
FOUND = [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", ROWS),
        ("a.json", f'{{"data": {ROWS}}}'),
        ("a.json", f'{{"version": 1, "examples": {ROWS}, "notes": []}}'),
        ("a.json", f'{{"mine": {ROWS}, "n": 2}}'),
        ("a.json", '[["a", "b"], ["c", "d"]]'),
        ("a.json", '[["input", "output"], ["a", "b"], ["c", "d"]]'),
        ("a.json", '{"input": ["a", "c"], "output": ["b", "d"]}'),
        ("a.json", '{"input": {"0": "a", "1": "c"}, "output": {"0": "b", "1": "d"}}'),
        ("a.json", '{"columns": ["input", "output"], "index": [0, 1], "data": [["a", "b"], ["c", "d"]]}'),
        ("a.json", '{"1": {"input": "a", "output": "b"}, "2": {"input": "c", "output": "d"}}'),
        (
            "a.json",
            '{"metadata": {"n": 2}, "examples": {"1": {"input": "a", "output": "b"}, "2": {"input": "c", "output": "d"}}}',
        ),
        ("a.json", '{"input": "a", "output": "b"}\n{"input": "c", "output": "d"}\n'),
        ("a.jsonl", ROWS.replace(", {", ",\n {")),
        ("a.jsonl", ROWS),
        ("a.jsonl", '["a", "b"]\n\n["c", "d"]\n'),
    ],
)
def test_rows_are_found_where_people_put_them(name: str, text: str, pairs: Any) -> None:
    assert pairs(name, text) == FOUND


def test_the_task_file_names_the_key_of_the_rows(pairs: Any) -> None:
    text = f'{{"data": [], "splits": {{"dev": {ROWS}, "test": []}}}}'
    assert pairs("a.json", text, rows="splits.dev") == FOUND


def test_lists_are_read_by_number(pairs: Any) -> None:
    assert pairs("a.json", '[["x", 1, "y"]]', {"input": 0, "output": 2}) == [("x", "y")]
    assert pairs("a.jsonl", '["x", 1, "y"]', {"input": [0, 1], "output": 2}) == [({"0": "x", "1": "1"}, "y")]


def test_texts_alone_are_inputs_of_a_task_without_outputs(pairs: Any) -> None:
    assert pairs("a.json", '["a", "b"]', outputs=False) == [("a", ""), ("b", "")]


@pytest.mark.parametrize(
    ("text", "form", "problem"),
    [
        ('[\n{"input": "a", "output": "b"},\n\n{"input": "c"}]', {}, "a.json:4: there is no column 'output'"),
        ('{"x": 1,\n "data": [\n{"input": "a", "output": "b"},\n7]}', {}, "a.json:4: a row is a JSON object"),
        ('{"examples": {\n"1": {"input": "a", "output": "b"},\n"2": {"input": "a"}}}', {}, "a.json:3: there is no column"),
        ('[{"input": "a",\n "output" "b"}]', {}, "a.json:2: not JSON"),
        ('{"input": ["a"], "output": []}', {}, "the columns have different lengths: 'input' 1, 'output' 0"),
        ('{"input": "a", "output": "b"}', {}, "its keys: 'input', 'output'; write `rows: KEY`"),
        ('{"data": []}', {"rows": "rows"}, "there is no key 'rows' in the file"),
        ('[["a", "b", "c"]]', {}, "columns of lists are given by number"),
        ('{"data": [], "version": 1}', {}, "a.json: the data file holds no examples"),
        ('[{"input": "a", "ideal": "b"}]', {}, "columns: {output: ideal}"),
        ("[]", {}, "a.json: the data file holds no examples"),
        ("", {}, "a.json: the data file holds no examples"),
        ('"text"', {}, "a JSON data file holds a list"),
        ('{"input": "a", "output": "b"}\n{"input": \n', {}, "a.json:2: not JSON"),
        ('[["input", "output", "input"], ["a", "b", "c"]]', {}, "the header names the column 'input' twice"),
    ],
)
def test_what_holds_no_rows_is_told_with_its_line(text: str, form: dict[str, Any], problem: str, read: Any) -> None:
    with pytest.raises(DataError) as caught:
        read("a.json", text, **form)
    assert problem in str(caught.value)
