"""Tree-structured Parzen estimator (TPE) over choices, through Optuna: what to try next, in view of what was tried.

A trial is one option for each choice and the value that came of it. The first trials are drawn at random. Later ones are drawn
from the options that stand in good trials more often than in bad ones (Bergstra et al. 2011), all choices together. The state
is rebuilt from the trials, so equal trials and seeds give equal suggestions. Another version of Optuna may draw others.

Optuna is an optional dependency and only imported here.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final, NamedTuple

from promptwire.errors import UsageError

__all__ = ["INSTALL", "Trial", "installed", "suggest"]

INSTALL: Final = "pip install 'promptwire[tpe]'"
"""Command that installs Optuna."""


class Trial(NamedTuple):
    """One trial."""

    options: tuple[int, ...]
    """The option of each choice, counted from 0."""
    value: float
    """What came of it; higher is better."""


def installed() -> bool:
    """Whether Optuna is there, without importing it."""
    return find_spec("optuna") is not None


def suggest(
    sizes: Sequence[int], trials: Sequence[Trial], *, n: int = 1, seed: int = 0, startup: int = 10
) -> tuple[tuple[int, ...], ...]:
    """`n` suggestions for choices with `sizes` options each, after `trials` in their order; equal ones are possible.

    Until there are `startup` trials, suggestions are drawn at random. Raises UsageError without Optuna.
    """
    try:
        import optuna  # noqa: PLC0415 - an extra, and it takes half a second
    except ImportError as error:
        raise UsageError(f"a surrogate (TPE) needs Optuna, which can't be imported: {error}", hint=INSTALL) from error
    with _quiet(optuna):
        space = {str(place): optuna.distributions.CategoricalDistribution(range(size)) for place, size in enumerate(sizes)}
        # Suggestions that wait for their value count as bad ones, so that several at once differ.
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=startup, multivariate=True, constant_liar=n > 1)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for options, value in trials:
            params = {str(place): option for place, option in enumerate(options)}
            study.add_trial(optuna.trial.create_trial(params=params, distributions=space, value=value))
        asked = [study.ask(space).params for _ in range(n)]
    return tuple(tuple(int(params[name]) for name in space) for params in asked)


@contextmanager
def _quiet(optuna: object) -> Iterator[None]:
    """Keep Optuna's notes and its warnings about experimental options from the terminal."""
    log = optuna.logging  # type: ignore[attr-defined]
    level = log.get_verbosity()
    log.set_verbosity(log.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.set_verbosity(level)
