"""Entries of a history: how a score is shown."""

from __future__ import annotations

import pytest

from promptwire.values import Entry, Prompt


@pytest.mark.parametrize(
    ("score", "scale", "shown", "share", "range"),
    [
        (0.125, (0.0, 1.0), 12, True, "from 0 to 1"),
        (0.904, (0.0, 1.0), 90, True, "from 0 to 1"),
        (87.256, (0.0, 100.0), 87.26, False, "from 0 to 100"),
        (0.5, (-1.0, 1.0), 0.5, False, "from -1 to 1"),
        (-2.34567, None, -2.346, False, ""),
    ],
)
def test_an_entry_shows_its_score_as_percentage_or_in_the_metrics_unit(
    score: float, scale: tuple[float, float] | None, shown: float, share: bool, range: str
) -> None:
    entry = Entry(prompt=Prompt(text="a"), score=score, n=1, scale=scale)
    assert (entry.shown, entry.share, entry.range) == (shown, share, range)
