"""Diagnostics of one check: errors and warnings, each once, sorted by position."""

from __future__ import annotations

from collections.abc import Iterable

from promptwire.errors import Location, Problem

__all__ = ["Diagnostics"]


class Diagnostics:
    """Everything that was found wrong or doubtful; each thing once, however often it is met."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}

    def error(self, code: str, location: Location, message: str, hint: str = "") -> None:
        """Note what keeps the pipeline from running."""
        self._found[Problem(code, location, message, hint)] = None

    def warn(self, code: str, location: Location, message: str, hint: str = "") -> None:
        """Note what is doubtful."""
        self._found[Problem(code, location, message, hint, warning=True)] = None

    def add(self, problems: Iterable[Problem]) -> None:
        """Note problems that others found."""
        self._found.update(dict.fromkeys(problems))

    @property
    def count(self) -> int:
        """How many errors there are."""
        return sum(not problem.warning for problem in self._found)

    def sorted(self) -> tuple[Problem, ...]:
        """File by file in the order in which they were met, each from top to bottom."""
        files = {name: number for number, name in enumerate(dict.fromkeys(problem.location.file for problem in self._found))}
        key = lambda problem: (files[problem.location.file], problem.location.line, problem.location.column)  # noqa: E731
        return tuple(sorted(self._found, key=key))
