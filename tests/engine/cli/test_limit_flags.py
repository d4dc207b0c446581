"""`--limit`: budgets, rate limits, and one error for any other value."""

from __future__ import annotations

import pytest

from promptwire.cli.limit_flags import budgets, rate_limits
from promptwire.errors import UsageError


def test_budgets_and_rate_limits_are_separated() -> None:
    given = ["calls=500,usd=1.5", "requests_per_minute=60", "meta.tokens_per_minute=9000,meta.parallel=2"]
    assert budgets(given) == {"calls": 500, "usd": 1.5}
    assert rate_limits(given) == {"task": {"requests_per_minute": 60}, "meta": {"tokens_per_minute": 9000, "parallel": 2}}
    assert (budgets(None), rate_limits(None)) == ({}, {})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("call=5", "did you mean 'calls'?"),
        ("task.calls=5", "unknown limit 'task.calls'"),
        ("metta.parallel=5", "did you mean 'meta.parallel'?"),
        ("calls=many", "is not a number"),
        ("calls=nan", "is not a limit"),
        ("usd=inf", "is not a limit"),
        ("calls=-1", "is not a limit"),
        ("calls", "is not of the form key=value"),
        (".parallel=1", "did you mean 'parallel'?"),
    ],
)
def test_an_invalid_limit_is_refused(given: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        budgets([given])
    assert said in str(refused.value)
