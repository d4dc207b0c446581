"""Text files: one input a line, or a table that is named as text."""

from __future__ import annotations

from typing import Any

import pytest

from promptwire.errors import DataError


def test_each_line_that_is_not_empty_is_an_input(pairs: Any) -> None:
    text = "  first, line\n\nsecond\tline \r\n# third\n"
    assert pairs("a.txt", text, outputs=False) == [("  first, line", ""), ("second\tline ", ""), ("# third", "")]
    assert len(pairs("a.txt", text, outputs=False, comment="#")) == 2
    assert pairs("a.data", "one\n", outputs=False, format="lines") == [("one", "")]


def test_lines_have_no_outputs_for_a_metric_that_needs_them(read: Any) -> None:
    with pytest.raises(DataError, match="one input a line and no outputs") as caught:
        read("a.txt", "a\nb\n")
    assert "columns: {input: 0, output: 1}" in caught.value.hint
