"""The text of a task file reads back as the same keys, whatever these hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptwire.documents.yaml_reader import read_yaml_text
from promptwire.task_init.task_text import Part, task_text

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
values = (
    texts
    | st.lists(texts, max_size=6)
    | st.dictionaries(st.sampled_from(["input", "output"]), texts | st.integers(), max_size=2)
)


@given(value=values, comment=texts)
def test_any_value_and_comment_is_read_back(value: object, comment: str) -> None:
    assert read_yaml_text(task_text([Part({"key": value}, (comment,)), Part({"more": 1})]), "t").data == {
        "key": value,
        "more": 1,
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Sort it.", "key: Sort it.\n"),
        ("no", "key: 'no'\n"),
        ("Sort it:\n\n{text}\n", "key: |\n  Sort it:\n\n  {text}\n"),
        ("two\nlines", "key: |-\n  two\n  lines\n"),
        (["yes", "no", "a, b", "[c]"], "key: ['yes', 'no', 'a, b', '[c]']\n"),
        (["two\nlines", "one"], "key:\n- 'two\n\n    lines'\n- one\n"),
        ({"input": "text", "output": 1}, "key: {input: text, output: 1}\n"),
    ],
)
def test_values_are_written_as_people_write_them(value: object, text: str) -> None:
    assert task_text([Part({"key": value})]) == text


def test_many_labels_have_lines_of_their_own_width() -> None:
    labels = [f"a label of some length {at}" for at in range(40)]
    text = task_text([Part({"labels": labels})])
    assert max(map(len, text.splitlines())) <= 130 and read_yaml_text(text, "t").data == {"labels": labels}
