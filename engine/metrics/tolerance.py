"""How far a number may be off: an amount such as 0.01, or a share of the right number such as `1%`."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Final

from pydantic import AfterValidator

from promptwire.metrics.metric_type import Metric
from promptwire.metrics.text_metrics import last_number

__all__ = ["Tolerance", "near", "with_tolerance"]

_LEAST: Final = 1e-9
"""Numbers this close are equal: what a sum of decimals may be off."""


def _checked(given: float | str) -> float | str:
    try:
        amount = float(given.removesuffix("%")) if isinstance(given, str) else given
    except ValueError:
        amount = math.nan
    if (isinstance(given, str) and not given.endswith("%")) or not 0 <= amount < math.inf:
        raise ValueError("write a number such as 0.01, or a share such as 1%")
    return given


Tolerance = Annotated[float | str, AfterValidator(_checked)]
"""An amount, or a share of the right number."""


def near(said: float, right: float, tolerance: float | str) -> bool:
    """Whether `said` is within `tolerance` of the `right` number.

    >>> near(99, 100, "1%"), near(98.9, 100, "1%"), near(0.3, 0.1 + 0.2, 0)
    (True, False, True)
    """
    most = abs(right) * float(tolerance.removesuffix("%")) / 100 if isinstance(tolerance, str) else tolerance
    return math.isclose(said, right, rel_tol=_LEAST, abs_tol=most * (1 + _LEAST))


def with_tolerance(metric: Metric, tolerance: float | str) -> Metric:
    """The metric `numeric` with numbers that may be off."""

    def value(answer: str, outputs: tuple[str, ...]) -> float:
        said = last_number(answer)
        wanted = [number for output in outputs if (number := last_number(output)) is not None]
        return float(said is not None and any(near(said, number, tolerance) for number in wanted))

    return replace(metric, value=value)
