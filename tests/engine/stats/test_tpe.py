"""The surrogate: random at first, then towards what was good; rebuilt from its trials; silent, and clear without Optuna."""

from __future__ import annotations

import sys

import pytest

from promptwire.errors import UsageError
from promptwire.stats.tpe import INSTALL, Trial, installed, suggest

SIZES = (3, 6)


def tried(n: int) -> list[Trial]:
    """Trials of all pairs in turn; one pair alone is good."""
    pairs = [(place % 3, place // 3 % 6) for place in range(n)]
    return [Trial(options, float(options == (2, 4))) for options in pairs]


def test_suggestions_lie_in_the_space_and_the_good_pair_is_suggested_most() -> None:
    found = [suggest(SIZES, tried(36), seed=seed)[0] for seed in range(40)]
    assert all(0 <= text < 3 and 0 <= shots < 6 for text, shots in found)
    assert found.count((2, 4)) > 15
    at_random = [suggest(SIZES, tried(36), seed=seed, startup=100)[0] for seed in range(40)]
    assert at_random.count((2, 4)) < 8


def test_equal_trials_and_seeds_give_equal_suggestions_and_nothing_is_remembered() -> None:
    first = suggest(SIZES, tried(20), n=4, seed=7)
    suggest(SIZES, tried(30), n=2, seed=1)
    assert suggest(SIZES, tried(20), n=4, seed=7) == first
    assert len(first) == 4


def test_a_choice_with_one_option_gets_it() -> None:
    trials = [Trial((0, place % 6), place / 9) for place in range(12)]
    assert all(suggest((1, 6), trials, seed=seed)[0][0] == 0 for seed in range(5))


def test_it_says_nothing_and_leaves_optunas_own_level_alone(capfd: pytest.CaptureFixture[str]) -> None:
    import optuna

    level = optuna.logging.get_verbosity()
    suggest(SIZES, tried(12), n=2)
    assert optuna.logging.get_verbosity() == level
    assert capfd.readouterr() == ("", "")


def test_without_optuna_the_error_names_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed()
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UsageError) as raised:
        suggest(SIZES, [])
    assert raised.value.hint == INSTALL
    assert "needs Optuna" in raised.value.problem
