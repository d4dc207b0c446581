"""Values for one request before a run: examples and initial prompts of a task, and made-up values for what only a run knows.

A made-up text stands between the marks of `MARK`, so that it is not taken for a model's. Made-up numbers look like any other;
`Maker.made_up` says whether a value holds one.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any, Final

from promptwire.bounds import Extent
from promptwire.templating.sample_values import AnyName, sample
from promptwire.values import (
    Critique,
    Critiques,
    Entry,
    Example,
    Examples,
    Failure,
    FailureGroup,
    Failures,
    Families,
    History,
    Prompt,
    Prompts,
    Row,
    Scores,
)

__all__ = ["MARK", "MOST", "Maker"]

MARK: Final = "\u2039{}\u203a"
"""The marks around a made-up text."""
MOST: Final = 20
"""Most elements that are made up for a set."""
_FEW: Final = 3
"""Elements of a set whose size only a run knows."""


class Maker:
    """Makes the values of one request. Examples and initial prompts are taken in turn, so that few occur twice."""

    def __init__(self, examples: Sequence[Example], prompts: Sequence[Prompt]) -> None:
        self._examples = tuple(examples) or tuple(
            Example(input=MARK.format(f"input {n}"), outputs=(MARK.format(f"output {n}"),)) for n in range(1, _FEW + 1)
        )
        self._real = bool(examples)
        self._given = tuple(prompts)
        self._next_example = count()
        self._numbers: dict[str, Iterator[int]] = {}
        self.companions: dict[str, None] = {}
        """Names of the companion texts that a template has read; all of them are made up."""
        self.marks: dict[str, None] = {}
        """Names of the marks that a template has read; all of them are 1."""
        self.made_up = False
        """Whether a value was made up since this was last set to False."""

    def value(self, annotation: Any, name: str, extent: Extent | None = None) -> Any:
        """A value of the type `annotation` for the variable `name`; `extent` is its size in a run, when it is known."""
        return sample(annotation, name, lambda kind, field: self._own(kind, field, extent if field == name else None))

    def _own(self, annotation: Any, name: str, extent: Extent | None) -> Any:
        """A set of its size in a run, a value of the task, or a marked text; None for other types, such as numbers."""
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if annotation in (tuple, list) or origin in (tuple, list):
            inner = Extent.exactly(extent.inside) if extent is not None and extent.inside else None
            made = [self.value(arguments[0] if arguments else str, name, inner) for _ in range(_size(extent))]
            return made if annotation is list else tuple(made)
        known: dict[Any, Callable[[], Any]] = {
            Example: lambda: self.example(),
            Examples: lambda: Examples.of(self.example() for _ in range(_size(extent, most=len(self._examples)))),
            Prompt: lambda: self.prompt(0),
            Prompts: lambda: self.prompts(_size(extent)),
            Failure: lambda: self.failure(),
            Failures: lambda: Failures(groups=tuple(self.group(extent) for _ in range(_size(extent)))),
            FailureGroup: lambda: self.group(extent),
            Critique: lambda: self.critique(),
            Critiques: lambda: Critiques(items=tuple(self.critique() for _ in range(_size(extent)))),
            Families: lambda: Families(items=tuple(self.prompts(2).items for _ in range(_size(extent)))),
            History: lambda: self.history(_size(extent)),
            Entry: lambda: self.history(1).entries[0],
            Scores: lambda: self.scores(_size(extent)),
            Row: lambda: self.scores(1).rows[0],
            str: lambda: self.text(name),
        }
        if annotation in known:
            return known[annotation]()
        self.made_up = self.made_up or origin not in (typing.Union, types.UnionType)
        return None

    def example(self) -> Example:
        """The next example of the task."""
        self.made_up = self.made_up or not self._real
        found = self._examples[next(self._next_example) % len(self._examples)]
        return found.model_copy(update={"marks": AnyName(self._mark, ())})

    def prompt(self, place: int) -> Prompt:
        """The initial prompt at `place`; a made-up one after the last."""
        found = self._given[place] if place < len(self._given) else Prompt(text=self.text("prompt"))
        return found.model_copy(update={"companions": AnyName(self._companion, ()), "marks": AnyName(self._mark, ())})

    def _companion(self, name: str) -> str:
        self.companions.setdefault(name)
        return MARK.format(f"companion {name}")

    def _mark(self, name: str) -> float:
        self.marks.setdefault(name)
        return 1.0

    def prompts(self, n: int) -> Prompts:
        """`n` prompts: the initial ones first."""
        return Prompts.of(self.prompt(place) for place in range(n))

    def failure(self) -> Failure:
        """A wrong answer to an example of the task."""
        reply = self.text("reply")
        return Failure(example=self.example(), output=reply, answer=reply, value=0.0)

    def group(self, extent: Extent | None = None) -> FailureGroup:
        """A group of wrong answers to the initial prompt."""
        cases = _FEW if extent is None or not 0 < extent.inside < math.inf else min(int(extent.inside), MOST)
        return FailureGroup(prompt=self.prompt(0), cases=tuple(self.failure() for _ in range(cases)))

    def critique(self) -> Critique:
        """A critique of the initial prompt."""
        found = Critique(text=self.text("critique"), prompt=self.prompt(0), cases=self.group().cases)
        return found.model_copy(update={"marks": AnyName(self._mark, ())})

    def history(self, n: int) -> History:
        """A record of `n` prompts with scores that rise."""
        self.made_up = True
        entries = tuple(
            Entry(prompt=prompt, score=round(0.5 + 0.4 * place / max(n - 1, 1), 2), n=_FEW, round=place)
            for place, prompt in enumerate(self.prompts(n).items)
        )
        return History(entries=entries, rounds=n)

    def scores(self, n: int) -> Scores:
        """Scores of `n` prompts on a few examples."""
        prompts, examples = self.prompts(n), Examples.of(self.example() for _ in range(_FEW))
        rows = tuple(
            Row(prompt.id, example.id, self.text("reply"), self.text("answer"), float(place % 2))
            for prompt in prompts.items
            for place, example in enumerate(examples.items)
        )
        return Scores(prompts=prompts, examples=examples, rows=rows)

    def text(self, what: str) -> str:
        """A marked text that says what stands there in a run."""
        self.made_up = True
        number = next(self._numbers.setdefault(what, count(1)))
        return MARK.format(f"{what} {number}")


def _size(extent: Extent | None, *, most: int = MOST) -> int:
    """How many elements to make for a set that has `extent` in a run."""
    if extent is None or math.isinf(extent.most):
        return min(_FEW, most)
    return min(int(extent.most), most)
