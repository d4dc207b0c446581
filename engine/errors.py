"""The tree of errors. Each error says where it happened, what the problem is, and what to do.

A user's mistake, a dead endpoint and a used-up budget need different remedies, so each has its own class and exit code. All are
subclasses of `PromptwireError`.

    PromptwireError
    |-- PipelineError        a pipeline, template or task file is wrong (exit 2); carries every Problem at once
    |-- UsageError           a command line or API argument is wrong (exit 2)
    |-- DataError            examples are missing, empty or malformed (exit 3)
    |-- ModelError           a model can't be used (exit 4)
    |   |-- ModelUnavailable     not found, not installed, not reachable, no key, no credit
    |   |-- RequestRefused       the endpoint will never accept this request
    |   |   `-- ContextOverflow      the request is longer than the model's context
    |   |-- Unsupported          the model does not support the request (log-probabilities, infill, ...)
    |   |   `-- Unlisted             labels are missing from a reply's likeliest tokens; carries the known weights
    |   `-- TransientError       may succeed when retried; carries `retry_after` seconds
    |-- ReplyError           a reply is unreadable and the template makes that an error (exit 5)
    |-- NodeError            a node got values it can't work with (exit 5)
    |-- LimitReached         a budget is used up (exit 6)
    |   `-- NotStarted         by a limit of the sweep, before a run began
    |-- CacheError           the cache can't be opened or written, or a completion is missing under `--cache only` (exit 7)
    |-- RunError             a run folder can't be written or read (exit 7)
    `-- ClusterError         a scheduler or its workers can't be used (exit 8)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

__all__ = [
    "CacheError",
    "ClusterError",
    "ContextOverflow",
    "DataError",
    "LimitReached",
    "Location",
    "ModelError",
    "ModelUnavailable",
    "NodeError",
    "NotStarted",
    "PipelineError",
    "Problem",
    "PromptwireError",
    "ReplyError",
    "RequestRefused",
    "RunError",
    "TransientError",
    "Unlisted",
    "Unsupported",
    "UsageError",
    "closest",
    "suggest",
]


@dataclass(frozen=True, slots=True)
class Location:
    """A position in a text file. `line` and `column` count from 1; 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def caret(self) -> str:
        """The source line with a caret under the column; empty when the line is not known."""
        if not self.text.strip():
            return ""
        margin = f"{self.line:>6} | "
        column = max(self.column, 1)
        text = self.text.rstrip("\n")
        # A line may be a megabyte long: show only a window around the column.
        start = max(0, column - 61)
        shown = text[start : start + 120]
        pointer = " " * 6 + " | " + " " * (column - 1 - start) + "^"
        return f"{margin}{shown}\n{pointer}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One error or warning about a file."""

    code: str
    location: Location
    message: str
    hint: str = ""
    warning: bool = False

    def __str__(self) -> str:
        head = f"{self.location}: {'warning: ' if self.warning else ''}{self.message}"
        if self.hint:
            head += f" - {self.hint}"
        caret = self.location.caret()
        return f"{head}\n{caret}" if caret else head


class PromptwireError(Exception):
    """Base of all errors of promptwire: `where: problem`, and a `hint` with an action."""

    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, *, where: str = "", hint: str = "") -> None:
        self.problem = problem
        self.where = where
        self.hint = hint
        self._within = False
        super().__init__(str(self))

    def within(self, step: str) -> None:
        """Add the step to `where`, before an address or a file. Only the first call has an effect."""
        if step and not self._within and step != self.where:
            self.where = f"{step} ({self.where})" if self.where else step
        self._within = self._within or bool(step)
        self.args = (str(self),)

    def __str__(self) -> str:
        head = f"{self.where}: {self.problem}" if self.where else self.problem
        return f"{head}\n  {self.hint}" if self.hint else head


class PipelineError(PromptwireError):
    """A pipeline, template or task file is wrong; `problems` holds all problems that were found."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(PromptwireError):
    """An argument on the command line or to the API is wrong."""

    exit_code = 2


class DataError(PromptwireError):
    """Examples are missing, empty or malformed."""

    exit_code = 3


class ModelError(PromptwireError):
    """A model can't be used."""

    exit_code = 4


class ModelUnavailable(ModelError):
    """The model was not found, is not installed, can't be reached, or its key or credit is missing."""


class RequestRefused(ModelError):
    """The endpoint will never accept this request, for a bad parameter or refused content."""

    endpoint_text: str = ""
    """What the endpoint said, uncut; empty when the error is promptwire's own."""
    filtered: bool = False
    """Whether a moderator or content filter refused the content."""


class ContextOverflow(RequestRefused):
    """The request is longer than the model's context."""


class Unsupported(ModelError):
    """The model does not support the request, such as log-probabilities."""


class Unlisted(Unsupported):
    """Labels are missing from a reply's likeliest tokens. `weights` holds the known log-probabilities, and may be empty."""

    def __init__(self, problem: str, *, hint: str = "", weights: Sequence[float] = ()) -> None:
        super().__init__(problem, hint=hint)
        self.weights = tuple(weights)


class TransientError(ModelError):
    """The request may succeed when retried. `retry_after` is the wait that the endpoint asked for, in seconds."""

    def __init__(
        self, problem: str, *, where: str = "", hint: str = "", retry_after: float | None = None, throttled: bool = False
    ) -> None:
        super().__init__(problem, where=where, hint=hint)
        self.retry_after = retry_after
        self.throttled = throttled
        self.alone = False
        """Whether it was throttled although no other request was in flight."""


class ReplyError(PromptwireError):
    """A reply is unreadable, and the template's `fallback` makes that an error."""

    exit_code = 5


class NodeError(PromptwireError):
    """A node got values that it can't work with."""

    exit_code = 5


class LimitReached(PromptwireError):
    """A budget is used up. Raised before the call that would exceed it."""

    exit_code = 6
    stage = ""
    """Path of the stage whose limit it is; empty for a limit of the run."""


class NotStarted(LimitReached):
    """A limit of a sweep leaves too little for the comparison of a run, so its search did not begin."""


class CacheError(PromptwireError):
    """The cache can't be opened or written, or lacks a completion under `--cache only`."""

    exit_code = 7


class RunError(PromptwireError):
    """A run folder can't be written or read."""

    exit_code = 7


class ClusterError(PromptwireError):
    """A scheduler or its workers can't be used: not reachable, lost, or with other versions."""

    exit_code = 8


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name most similar to `name`; None when none is similar."""
    near = get_close_matches(name, sorted(set(known)), n=1, cutoff=0.6)
    return near[0] if near else None


def suggest(name: str, known: Iterable[str], *, noun: str = "", otherwise: str | None = None) -> str:
    """A hint for an unknown name: the closest known name, else `otherwise`, else all known names.

    >>> suggest("evalute", ["evaluate", "edit"])
    "did you mean 'evaluate'?"
    >>> suggest("zzz", ["evaluate", "edit"], noun="nodes")
    'nodes: edit, evaluate'
    >>> suggest("zzz", ["evaluate", "edit"], otherwise="see `promptwire nodes`")
    'see `promptwire nodes`'
    """
    names: Sequence[str] = sorted(set(known))
    near = closest(name, names)
    if near is not None:
        return f"did you mean {near!r}?"
    if otherwise is not None:
        return otherwise
    if not names:
        return f"there are no {noun}" if noun else ""
    return f"{noun or 'known'}: {', '.join(names)}"
