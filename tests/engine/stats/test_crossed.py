"""The crossed error agrees with the table of a two-way analysis of variance, and refuses what has no error."""

from __future__ import annotations

import random

import pandas
import pytest
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.anova import anova_lm

from promptwire.stats.clustered import clustered
from promptwire.stats.crossed import crossed


def world(seeds: int, examples: int, *, seed_sd: float, example_sd: float) -> list[list[float]]:
    rng = random.Random(seeds * examples)
    shifts = [rng.gauss(0, example_sd) for _ in range(examples)]
    return [[one + shift + rng.gauss(0, 1) for shift in shifts] for one in (rng.gauss(0.3, seed_sd) for _ in range(seeds))]


@pytest.mark.parametrize(("seeds", "examples"), [(3, 20), (5, 50), (10, 12)])
def test_the_error_agrees_with_the_mean_squares_of_statsmodels(seeds: int, examples: int) -> None:
    table = world(seeds, examples, seed_sd=0.5, example_sd=0.5)
    rows = [(s, e, value) for s, row in enumerate(table) for e, value in enumerate(row)]
    fit = OLS.from_formula("value ~ C(seed) + C(example)", pandas.DataFrame(rows, columns=["seed", "example", "value"])).fit()
    squares, freedoms = (list(anova_lm(fit)[name]) for name in ("mean_sq", "df"))
    variance = squares[0] + squares[1] - squares[2]
    freedom = variance**2 / sum(square**2 / df for square, df in zip(squares, freedoms, strict=True))
    found, error = crossed(table), (variance / (seeds * examples)) ** 0.5
    assert (found.error, found.freedom) == (pytest.approx(error), pytest.approx(freedom))
    assert found.p == pytest.approx(2 * student.sf(abs(found.mean) / error, freedom))
    assert found.low == pytest.approx(found.mean - student.ppf(0.975, freedom) * error)


def test_the_error_is_larger_than_that_of_pooled_rows_when_seeds_differ() -> None:
    table = world(5, 40, seed_sd=1.0, example_sd=0.5)
    values = [value for row in table for value in row]
    pooled = (sum((value - sum(values) / 200) ** 2 for value in values) / 199 / 200) ** 0.5
    assert crossed(table).error > 2 * pooled  # type: ignore[operator]


def test_the_variance_has_a_floor_when_seeds_agree_by_chance() -> None:
    table = [[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]]
    found = crossed(table)
    assert found.error == pytest.approx((0.5 * (2.0 / 3)) ** 0.5 / 8**0.5)


@pytest.mark.parametrize("table", [[[0.5, 0.25]], [[0.5], [0.25]]])
def test_one_seed_or_one_example_has_no_error(table: list[list[float]]) -> None:
    assert crossed(table)[1:] == (None, None, None, None, None)


def test_equal_values_show_nothing_about_others() -> None:
    assert crossed([[0.25] * 4] * 3)[1:5] == (0.0, None, None, None)
    assert crossed([[0.0] * 4] * 3)[1:5] == (0.0, None, None, 1.0)


@pytest.mark.parametrize("table", [[], [[]], [[1.0, 0.0], [1.0]]])
def test_a_table_with_holes_is_an_error(table: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="full table"):
        crossed(table)


def test_groups_of_one_example_each_change_nothing() -> None:
    table = world(4, 20, seed_sd=0.5, example_sd=0.5)
    assert crossed(table, range(20)) == pytest.approx(crossed(table))


@pytest.mark.parametrize(("seeds", "groups", "size"), [(3, 8, 5), (6, 20, 3)])
def test_groups_of_equal_size_have_the_crossed_error_of_their_means(seeds: int, groups: int, size: int) -> None:
    table = world(seeds, groups * size, seed_sd=0.4, example_sd=0.4)
    names = [place % groups for place in range(groups * size)]
    means = [[sum(row[group::groups]) / size for group in range(groups)] for row in table]
    assert crossed(table, names) == pytest.approx(crossed(means))


def test_alike_examples_in_groups_have_a_larger_error() -> None:
    means = world(4, 10, seed_sd=0.2, example_sd=1.0)
    table = [[value for value in row for _ in range(6)] for row in means]
    names = [place // 6 for place in range(60)]
    assert crossed(table, names).error > 1.5 * crossed(table).error  # type: ignore[operator]


def test_seeds_that_agree_have_the_clustered_error_of_one() -> None:
    values = world(1, 30, seed_sd=0.0, example_sd=1.0)[0]
    names = [place // 4 for place in range(30)]
    both, one = crossed([values] * 3, names), clustered(values, names)
    assert (both.error, both.mean) == (pytest.approx(one.error), pytest.approx(one.mean))
    assert both.freedom == pytest.approx(one.freedom)


def test_fewer_than_five_groups_have_no_error() -> None:
    table = world(3, 12, seed_sd=0.5, example_sd=0.5)
    assert crossed(table, [place % 4 for place in range(12)])[1:] == (None, None, None, None, None)
    assert crossed(table, [place % 5 for place in range(12)]).error is not None
