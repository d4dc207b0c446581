"""Errors: their text, their exit codes, and hints for unknown names."""

from __future__ import annotations

import pytest

from promptwire import errors
from promptwire.errors import CacheError, Location, PipelineError, Problem, PromptwireError, suggest


def test_an_error_shows_place_problem_and_hint() -> None:
    assert str(CacheError("no row", where="step", hint="do this")) == "step: no row\n  do this"
    assert str(CacheError("no row")) == "no row"


def test_a_pipeline_error_shows_every_problem() -> None:
    problems = [Problem("a", Location("f", 2, 3), "bad", "fix it"), Problem("b", Location("f"), "odd", warning=True)]
    assert str(PipelineError(iter(problems))) == "f:2:3: bad - fix it\nf: warning: odd"


def test_the_caret_stands_under_the_column_of_a_long_line() -> None:
    source, pointer = Location("f", 7, 501, "x" * 500 + "y" + "z" * 500).caret().splitlines()
    assert source.startswith("     7 | ") and source[pointer.index("^")] == "y"
    assert len(source) < 150
    assert Location("f", 7, 1, "  \n").caret() == ""


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name.endswith(("Error", "Reached", "Refused"))])
def test_every_error_has_an_exit_code_between_1_and_8(name: str) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, PromptwireError)
    assert 1 <= kind.exit_code <= 8


@pytest.mark.parametrize(
    ("known", "otherwise", "hint"),
    [
        (["evaluate"], None, "did you mean 'evaluate'?"),
        (["b", "a"], None, "nodes: a, b"),
        (["b", "a"], "see the list", "see the list"),
        ([], None, "there are no nodes"),
    ],
)
def test_a_hint_is_the_closest_name_or_the_list(known: list[str], otherwise: str | None, hint: str) -> None:
    assert suggest("evalute", known, noun="nodes", otherwise=otherwise) == hint
