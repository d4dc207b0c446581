"""The line of a row in a JSON document."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptwire.tasks.reading.json_places import line_of


@settings(max_examples=25)
@given(
    st.lists(
        st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
    )
)
def test_each_member_of_a_list_is_found_on_its_own_line(members: list[object]) -> None:
    text = "[\n" + ",\n".join(map(json.dumps, members)) + "\n]"
    assert [line_of(text, [], index) for index in range(len(members))] == list(range(2, len(members) + 2))


@pytest.mark.parametrize(("index", "line"), [(0, 3), (1, 4), (9, 1)])
def test_members_of_an_object_under_keys_are_found(index: int, line: int) -> None:
    text = '{"a": [1, 2], "b": {"c":\n {\n "x": 1,\n "y": [2]}}}'
    assert line_of(text, ["b", "c"], index) == line
