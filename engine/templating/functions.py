"""Functions that templates can call: seeded draws, logarithm, exponential, square root, and how alike two texts are.

A draw depends on the run's seed, the step, the round, the element and what the step renders, never on the clock. So the same
run renders the same texts. A template that scores prompts draws nothing: all prompts must be asked alike. The functions are
given like variables, so a variable of the same name, such as a history called `log`, replaces one.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from promptwire.stats.word_overlap import overlap, words_of
from promptwire.templating import render_limits
from promptwire.values import Model

__all__ = ["DRAWS", "FUNCTIONS", "Drawing", "template_functions"]

Drawing = Callable[[], random.Random]
"""Makes the generator of one rendering; called at the first draw."""

DRAWS: Final = frozenset({"beta", "choice", "normal", "shuffled", "uniform"})
"""Functions that draw at random."""
_LARGEST_SHAPE: Final = 1e9
"""For numbers near the largest one, Python's beta distribution never returns."""


@dataclass(frozen=True, slots=True)
class _Function:
    """A function that can only be called: written out, it is a variable that was forgotten under `with:`."""

    _name: str
    _run: Callable[..., Any]

    def __call__(self, *args: Any, **named: Any) -> Any:
        try:
            return self._run(*args, **named)
        except TypeError as error:
            raise ValueError(f"{self._name!r} can't be called like that: {error}") from error

    def _refuse(self) -> NoReturn:
        raise ValueError(f"{self._name!r} is a function, write {self._name}(...); a variable of that name is given under with:")

    def __str__(self) -> str:
        self._refuse()

    def __bool__(self) -> bool:
        self._refuse()

    def __iter__(self) -> Iterator[Any]:
        self._refuse()

    def __len__(self) -> int:
        self._refuse()


class _Draws:
    """The draws of one rendering."""

    def __init__(self, drawing: Drawing | None) -> None:
        self._drawing = drawing
        self._rng: random.Random | None = None

    def choice(self, values: Iterable[Any]) -> Any:
        """One element, each with the same chance."""
        found = _elements("choice", values)
        if not found:
            raise ValueError("'choice' needs at least one element, and the list is empty")
        return self._generator("choice").choice(found)

    def shuffled(self, values: Iterable[Any]) -> list[Any]:
        """All elements in random order."""
        found = list(render_limits.counted_steps(_elements("shuffled", values)))
        return self._generator("shuffled").sample(found, len(found))

    def uniform(self, low: float, high: float) -> float:
        """A number between `low` and `high`."""
        drawn = self._generator("uniform").uniform(_number("uniform", low), _number("uniform", high))
        return _finite("uniform", drawn)

    def normal(self, mean: float = 0.0, deviation: float = 1.0) -> float:
        """A number of the normal distribution."""
        spread = _number("normal", deviation)
        if spread < 0:
            raise ValueError(f"'normal' needs a standard deviation that is not negative, not {spread:g}")
        return _finite("normal", self._generator("normal").normalvariate(_number("normal", mean), spread))

    def beta(self, a: float, b: float) -> float:
        """A number of the beta distribution, such as a share after `a` - 1 successes and `b` - 1 failures."""
        shape = _number("beta", a), _number("beta", b)
        if min(shape) <= 0 or max(shape) > _LARGEST_SHAPE:
            wanted = f"numbers above 0, and at most {_LARGEST_SHAPE:g}"
            raise ValueError(f"'beta' needs {wanted}, not {shape[0]:g} and {shape[1]:g}")
        return _finite("beta", self._generator("beta").betavariate(*shape))

    def _generator(self, name: str) -> random.Random:
        if self._drawing is None:
            raise ValueError(f"{name!r} draws at random, but all prompts must be asked alike: scoring templates draw nothing")
        self._rng = self._rng or self._drawing()
        return self._rng


def _log(value: float) -> float:
    """The natural logarithm."""
    number = _number("log", value)
    if number <= 0:
        raise ValueError(f"'log' needs a number above 0, not {number:g}")
    return math.log(number)


def _exp(value: float) -> float:
    """The exponential function."""
    try:
        return math.exp(_number("exp", value))
    except OverflowError as error:
        raise ValueError(f"'exp' of {value:g} is too large a number") from error


def _sqrt(value: float) -> float:
    """The square root."""
    number = _number("sqrt", value)
    if number < 0:
        raise ValueError(f"'sqrt' needs a number that is not negative, not {number:g}")
    return math.sqrt(number)


def _overlap(one: Any, other: Any) -> float:
    """The share of the words of two texts that both have."""
    render_limits.look()
    return overlap(words_of(_text("overlap", one)), words_of(_text("overlap", other)))


_MATH: Final[Mapping[str, Callable[..., float]]] = {"log": _log, "exp": _exp, "sqrt": _sqrt, "overlap": _overlap}
FUNCTIONS: Final = DRAWS | _MATH.keys()
"""Names of all functions here."""


def template_functions(drawing: Drawing | None) -> dict[str, Any]:
    """The functions of one rendering, by name. Without `drawing`, a draw is an error."""
    draws = _Draws(drawing)
    run = {**_MATH, **{name: getattr(draws, name) for name in DRAWS}}
    return {name: _Function(name, one) for name, one in run.items()}


def _elements(name: str, values: Any) -> Sequence[Any]:
    """The elements of a list; those of a generator are counted."""
    if isinstance(values, list | tuple | range):
        return values
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ValueError(f"{name!r} needs a list, not {_kind(values)}")
    return list(render_limits.counted_steps(values))


def _text(name: str, value: Any) -> str:
    """A text, or that of a prompt, an example or a critique."""
    found = value if isinstance(value, str) else getattr(value, "text", None) if isinstance(value, Model) else None
    if not isinstance(found, str):
        raise ValueError(f"{name!r} needs a text, a prompt, an example or a critique, not {_kind(value)}")
    return found


def _number(name: str, value: Any) -> float:
    if not isinstance(value, int | float):
        raise ValueError(f"{name!r} needs a number, not {_kind(value)}")
    try:
        return _finite(name, float(value))
    except OverflowError as error:
        raise ValueError(f"{name!r} needs a smaller number") from error


def _finite(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{name!r} needs or gives a number that is not finite")
    return value


def _kind(value: Any) -> str:
    return f"the text {value[:40]!r}" if isinstance(value, str) else f"a value of type {type(value).__name__}"
