"""Labels of which one begins another; the rest is tested with the real model."""

from __future__ import annotations

import math

import pytest

from promptwire.backends.llama_logprobs import label_shares


@pytest.mark.parametrize(
    ("ids", "chances", "expected"),
    [
        ([[1], [2]], [[0.3], [0.6]], [0.3, 0.6]),
        ([[1, 2], [1, 3]], [[0.5, 0.8], [0.5, 0.1]], [0.4, 0.05]),
        ([[1], [1, 2]], [[0.5], [0.5, 0.8]], [0.1, 0.4]),
        ([[1], [1, 2], [1, 2, 3]], [[0.5], [0.5, 0.8], [0.5, 0.8, 0.25]], [0.1, 0.3, 0.1]),
        ([[1], [1, 2], [1, 3]], [[0.5], [0.5, 0.6], [0.5, 0.2]], [0.1, 0.3, 0.1]),
    ],
)
def test_an_option_excludes_the_options_that_continue_it(
    ids: list[list[int]], chances: list[list[float]], expected: list[float]
) -> None:
    found = label_shares(ids, [[math.log(chance) for chance in row] for row in chances])
    assert [math.exp(share) for share in found] == pytest.approx(expected)


def test_an_option_that_always_continues_has_a_finite_score() -> None:
    assert all(math.isfinite(share) for share in label_shares([[1], [1, 2]], [[-0.1], [-0.1, 0.0]]))
