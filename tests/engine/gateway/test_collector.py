"""The garbage collector during a run: rarer, and afterwards as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from promptwire.gateway.collector import fewer_collections


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)


def test_the_threshold_is_raised_until_the_last_run_has_ended() -> None:
    with fewer_collections():
        inside = gc.get_threshold()
        with fewer_collections():
            assert gc.get_threshold() == inside
        assert gc.get_threshold() == inside
    assert inside[0] > 700
    assert gc.get_threshold() == (700, 10, 10)


def test_it_is_restored_after_an_error() -> None:
    with pytest.raises(ValueError, match="lost"), fewer_collections():
        raise ValueError("lost")
    assert gc.get_threshold() == (700, 10, 10)


def test_a_threshold_that_was_chosen_stays() -> None:
    gc.set_threshold(5000, 5, 5)
    with fewer_collections():
        assert gc.get_threshold() == (5000, 5, 5)
        gc.set_threshold(6000, 5, 5)
    assert gc.get_threshold() == (6000, 5, 5)
