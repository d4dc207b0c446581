"""PyYAML's complaints come with what to do."""

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
        ("a:\n    b: 1\n  c: 2", "f:3:3", "indent it as the lines that it goes with"),
        ("a:\n  b: 1\n   c: 2", "f:3:5",
         "indent the line as the keys that it goes with, and see that in the line above a space follows the ':'"),
        ("a:1\nb: 2", "f:2:2",
         "indent the line as the keys that it goes with, and see that in the line above a space follows the ':'"),
        ("a: b: c", "f:1:5", "put the text in quotes, or start a new line for the key"),
        ("a: [1]]", "f:1:7", "it closes nothing: remove it"),
        ('a: "b" c', "f:1:8", "put the whole text in one pair of quotes"),
        ("a:\n  b: 1\n  - c", "f:3:3", "below a key stand more keys, each 'key: value' in the same column"),
        ("nodes:\n  - a: 1\n  b: 2", "f:3:3",
         "a list goes on with '- ' in the same column; nodes are no list, but 'name: {...}'"),
        ("a: 1\nb\n", "f:2:1", "write key: value, with a space after the ':'"),
        ("a: 'b\nc: 1\n", "f:1:4", "close the quotes"),
        ("a: @b", "f:1:4", "put the text in quotes"),
    ],
)  # fmt: skip
def test_a_slip_in_the_yaml_says_what_to_do(text: str, place: str, hint: str) -> None:
    with pytest.raises(PipelineError) as caught:
        read_yaml_text(text, "f")
    (problem,) = caught.value.problems
    assert (problem.hint, str(problem).partition(": ")[0]) == (hint, place)
