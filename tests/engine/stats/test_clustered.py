"""The clustered error agrees with statsmodels, and few groups give none."""

from __future__ import annotations

import random

import numpy
import pytest
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS

from promptwire.stats.clustered import clustered


def grouped(groups: int, size: int) -> tuple[list[float], list[int]]:
    rng = random.Random(groups * size)
    shifts = [rng.gauss(0.2, 0.5) for _ in range(groups)]
    names = [place // size for place in range(groups * size)]
    return [shifts[name] + rng.gauss(0, 1) for name in names], names


@pytest.mark.parametrize(("groups", "size"), [(5, 10), (8, 3), (40, 5)])
def test_groups_of_equal_size_agree_with_statsmodels(groups: int, size: int) -> None:
    values, names = grouped(groups, size)
    found = clustered(values, names)
    fit = OLS(values, numpy.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": names}, use_t=True)
    assert found.error == pytest.approx(fit.bse[0])
    low, high = fit.conf_int()[0]
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.p == pytest.approx(fit.pvalues[0])
    assert found.freedom == pytest.approx(groups - 1)


def test_groups_of_one_example_give_the_paired_t_test() -> None:
    values, _ = grouped(12, 1)
    found = clustered(values, range(12))
    error = numpy.std(values, ddof=1) / 12**0.5
    assert found.error == pytest.approx(error)
    assert found.p == pytest.approx(2 * student.sf(abs(found.mean / error), 11))


def test_groups_of_unequal_size_agree_with_the_matrix_formula() -> None:
    values, names = grouped(10, 10)
    names = [0 if name < 5 else name for name in names]
    n = len(values)
    maker, columns = numpy.eye(n) - numpy.ones((n, n)) / n, []
    for name in set(names):
        mine = numpy.array(names) == name
        hidden, axes = numpy.linalg.eigh(maker[numpy.ix_(mine, mine)])
        columns.append(maker[:, mine] @ axes @ numpy.diag(hidden**-0.5) @ axes.T @ numpy.ones(mine.sum()))
    found, sums = clustered(values, names), [column @ numpy.array(values) for column in columns]
    assert found.error == pytest.approx(sum(one**2 for one in sums) ** 0.5 / n)
    products = numpy.array(columns) @ numpy.array(columns).T
    assert found.freedom == pytest.approx(numpy.trace(products) ** 2 / numpy.sum(products**2))


@pytest.mark.parametrize("groups", [1, 4])
def test_below_five_groups_there_is_no_error(groups: int) -> None:
    values, names = grouped(groups, 10)
    found = clustered(values, names)
    assert (found.error, found.low, found.high, found.p, found.groups) == (None, None, None, None, groups)
    assert found.mean == pytest.approx(sum(values) / len(values))


def test_equal_differences_show_nothing_about_others() -> None:
    assert clustered([0.0] * 10, range(10))[1:5] == (0.0, None, None, 1.0)
    assert clustered([0.5] * 10, range(10))[1:5] == (0.0, None, None, None)


@pytest.mark.parametrize("rows", [[0.0, 0.0, 1.0], [0.1, 0.1, 0.1], [0.0, 1.0]])
def test_equal_means_of_groups_have_no_error_out_of_rounding(rows: list[float]) -> None:
    found = clustered(rows * 8, [place // len(rows) for place in range(8 * len(rows))])
    assert found[1:5] == (0.0, None, None, None) and found.mean == pytest.approx(sum(rows) / len(rows))


def test_opposite_equal_values_within_each_group_show_no_difference() -> None:
    values = [0.1, 0.2, -0.3] * 8
    assert clustered(values, [place // 3 for place in range(24)])[1:5] == (0.0, None, None, 1.0)


def test_no_differences_are_an_error() -> None:
    with pytest.raises(ValueError, match="no differences"):
        clustered([], [])
