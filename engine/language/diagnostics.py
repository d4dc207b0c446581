"""Diagnostics of one check: errors and warnings, each once, sorted by position."""

from __future__ import annotations

from collections.abc import Iterable

from promptwire.errors import Location, Problem

__all__ = ["Diagnostics"]


class Diagnostics:
    """Errors and warnings of one check, each kept once."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}
        self._errors = 0

    def error(self, code: str, location: Location, message: str, hint: str = "") -> None:
        """Report an error: the pipeline can't run."""
        self.add([Problem(code, location, message, hint)])

    def warn(self, code: str, location: Location, message: str, hint: str = "") -> None:
        """Report a warning."""
        self.add([Problem(code, location, message, hint, warning=True)])

    def add(self, problems: Iterable[Problem]) -> None:
        """Add problems that were found elsewhere."""
        for problem in problems:
            if problem not in self._found:
                self._found[problem] = None
                self._errors += not problem.warning

    @property
    def count(self) -> int:
        """Number of errors, without warnings."""
        return self._errors

    def sorted(self) -> tuple[Problem, ...]:
        """All problems, sorted by file in the order of discovery, then by position."""
        files = {name: number for number, name in enumerate(dict.fromkeys(problem.location.file for problem in self._found))}
        key = lambda problem: (files[problem.location.file], problem.location.line, problem.location.column)  # noqa: E731
        return tuple(sorted(self._found, key=key))
