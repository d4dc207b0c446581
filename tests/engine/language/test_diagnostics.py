"""Diagnostics of one check."""

from __future__ import annotations

from promptwire.errors import Location, Problem
from promptwire.language.diagnostics import Diagnostics


def at(line: int, file: str = "f") -> Location:
    return Location(file, line, 1)


def test_diagnostics_are_kept_once_and_sorted_by_file_and_line() -> None:
    diagnostics = Diagnostics()
    diagnostics.error("b", at(5), "five")
    diagnostics.warn("w", at(2, "g"), "elsewhere")
    diagnostics.add([Problem("b", at(5), "five"), Problem("a", at(1), "one")])
    assert [problem.message for problem in diagnostics.sorted()] == ["one", "five", "elsewhere"]
    assert diagnostics.count == 2


def test_files_keep_the_order_in_which_they_were_met() -> None:
    diagnostics = Diagnostics()
    diagnostics.warn("w", at(9, "z"), "first")
    diagnostics.error("e", at(1, "a"), "second")
    assert [problem.message for problem in diagnostics.sorted()] == ["first", "second"]
    assert diagnostics.count == 1, "a warning is not an error"
