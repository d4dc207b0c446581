"""Lines of a run folder: long ones are read where memory allows, and what is no JSON object is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptwire.results import lenient
from promptwire.results.lenient import read_line, read_lines
from promptwire.security.untrusted_json import MOST_VALUES


def test_a_line_of_more_values_than_a_foreign_text_may_have_is_read_where_memory_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f'{{"rows":[{"0," * MOST_VALUES}0]}}\n'
    (tmp_path / "values.jsonl").write_text(f'{{"n":1}}\n{line}no JSON\n{{"n":2}}\n', encoding="ascii")
    monkeypatch.setattr(lenient, "free_memory", lambda: 1 << 40)
    found = list(read_lines(tmp_path / "values.jsonl"))
    assert [len(one.get("rows", ())) for one in found] == [0, MOST_VALUES + 1, 0]
    for little in (None, 1 << 20):
        monkeypatch.setattr(lenient, "free_memory", lambda little=little: little)
        assert read_line(line) is None
        assert len(list(read_lines(tmp_path / "values.jsonl"))) == 2


def test_a_file_longer_than_usual_is_read_by_lines_of_any_length_that_memory_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "values.jsonl").write_text(f'{{"text":"{"x" * 500}"}}\n{{"n":2}}\n', encoding="ascii")
    monkeypatch.setattr(lenient, "_LARGEST", 100)
    monkeypatch.setattr(lenient, "free_memory", lambda: 8_000)
    assert [list(one) for one in read_lines(tmp_path / "values.jsonl")] == [["text"], ["n"]]
    monkeypatch.setattr(lenient, "free_memory", lambda: None)
    assert [list(one) for one in read_lines(tmp_path / "values.jsonl")] == [["n"]]
