"""Hints for YAML syntax errors."""

from __future__ import annotations

import pytest

from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.errors import PipelineError


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("a: {b: 1 c: 2}", "f:1:11", "put a ',' between entries and a '}' at the end, and a text with ',', ':', '{' or '[' in quotes"),
        ("a: {b: 1\nc: 2", "f:2:2", "put a ',' between entries and a '}' at the end, and a text with ',', ':', '{' or '[' in quotes"),
        ("a: {b: [1}", "f:1:10", "put a ',' between elements and a ']' at the end"),
        ("a:\n    b: 1\n  c: 2", "f:3:3", "indent it like the lines that it belongs to"),
        ("a:\n  b: 1\n   c: 2", "f:3:5",
         "indent the line like the keys that it belongs to, and write a space after the ':' in the line above"),
        ("a:1\nb: 2", "f:2:2",
         "indent the line like the keys that it belongs to, and write a space after the ':' in the line above"),
        ("a: b: c", "f:1:5", "put the text in quotes, or start a new line for the key"),
        ("a: [1]]", "f:1:7", "remove it: no bracket is open"),
        ('a: "b" c', "f:1:8", "put the whole text in one pair of quotes"),
        ("a:\n  b: 1\n  - c", "f:3:3", "write the keys of a mapping as 'key: value', all in the same column"),
        ("nodes:\n  - a: 1\n  b: 2", "f:3:3",
         "start each list element with '- ' in one column; nodes are not a list: 'name: {...}'"),
        ("a: 1\nb\n", "f:2:1", "write key: value, with a space after the ':'"),
        ("a: 'b\nc: 1\n", "f:1:4", "close the quotes"),
        ("a: @b", "f:1:4", "put the text in quotes"),
    ],
)  # fmt: skip
def test_a_syntax_error_has_a_hint(text: str, place: str, hint: str) -> None:
    with pytest.raises(PipelineError) as caught:
        read_yaml_text(text, "f")
    (problem,) = caught.value.problems
    assert (problem.hint, str(problem).partition(": ")[0]) == (hint, place)
