from __future__ import annotations

from pathlib import Path

from promptwire.results.tail import Tail


def test_each_line_is_read_once_and_a_line_without_its_end_waits(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    tail = Tail(file)
    assert list(tail.lines()) == []
    file.write_text('{"n":1}\nno json\n{"n":2}\n{"n"')
    assert list(tail.lines()) == [{"n": 1}, {"n": 2}]
    with file.open("a") as more:
        more.write(":3}\n")
    assert list(tail.lines()) == [{"n": 3}] and list(tail.lines()) == []


def test_no_more_lines_are_read_than_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text('{"n":1}\n{"n":2}\n{"n":3}\n')
    tail = Tail(file)
    assert [[one["n"] for one in tail.lines(2)] for _ in range(3)] == [[1, 2], [3], []]
