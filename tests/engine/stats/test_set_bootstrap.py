"""Bootstrap and swap test of scores that are no mean: seeded, against scipy and full enumeration, refused with few examples."""

from __future__ import annotations

from itertools import product

import pytest

from promptwire.stats import set_bootstrap
from promptwire.stats.prompt_score import rows_score
from promptwire.stats.set_bootstrap import gain_interval, score_interval, swap_test
from promptwire.values import Row


def rows(pairs: str) -> list[Row]:
    """Rows of pairs such as `aa ab`: right answer, then answer."""
    return [
        Row("p", str(place), "", pair[1], float(pair[0] == pair[1]), truth=pair[0]) for place, pair in enumerate(pairs.split())
    ]


BEFORE, AFTER = rows("aa ab aa ba ba bb aa ba ab"), rows("aa aa aa bb ba bb aa bb aa")


def test_the_same_rows_give_the_same_interval_and_p_value() -> None:
    assert score_interval(AFTER, "macro-f1") == score_interval(list(AFTER), "macro-f1")
    assert gain_interval(BEFORE, AFTER, "macro-f1") == gain_interval(list(BEFORE), list(AFTER), "macro-f1")
    assert swap_test(BEFORE, AFTER, "macro-f1") == swap_test(list(BEFORE), list(AFTER), "macro-f1")


def test_the_interval_is_about_that_of_scipy() -> None:
    scipy = pytest.importorskip("scipy.stats")
    given = rows("aa aa aa aa ab ab ba bb bb bb " * 12)
    found = score_interval(given, "balanced-accuracy")

    def statistic(places: object) -> float:
        return rows_score([given[int(place)] for place in places], "balanced-accuracy")  # type: ignore[attr-defined]

    theirs = scipy.bootstrap(
        (list(range(len(given))),), statistic, vectorized=False, n_resamples=999, rng=7
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)


@pytest.mark.parametrize("metric", ["macro-f1", "matthews"])
def test_the_swap_test_is_about_the_share_of_all_swaps(metric: str) -> None:
    gain = rows_score(AFTER, metric) - rows_score(BEFORE, metric)
    reached = 0
    for swaps in product((False, True), repeat=len(BEFORE)):
        one = [after if swap else before for before, after, swap in zip(BEFORE, AFTER, swaps, strict=True)]
        other = [before if swap else after for before, after, swap in zip(BEFORE, AFTER, swaps, strict=True)]
        reached += abs(rows_score(other, metric) - rows_score(one, metric)) >= gain - 1e-12
    found = swap_test(BEFORE, AFTER, metric)
    assert found is not None and found.p == pytest.approx(reached / 2 ** len(BEFORE), abs=0.03)


def test_equal_answers_have_a_p_value_of_1() -> None:
    found = swap_test(BEFORE, BEFORE, "macro-f1")
    assert found is not None and (found.p, found.smallest) == (1.0, None)


def test_too_few_examples_or_groups_give_no_interval_and_no_test() -> None:
    assert score_interval(AFTER[:4], "macro-f1")[1:] == (None, None, 4)
    assert swap_test(BEFORE[:4], AFTER[:4], "macro-f1") is None
    assert gain_interval(BEFORE, AFTER, "macro-f1", groups=list("aaabbbccc")).low is None
    assert swap_test(BEFORE, AFTER, "macro-f1", groups=list("aaabbbccc")) is None


def test_perfect_answers_have_no_interval() -> None:
    assert score_interval(rows("aa bb aa bb aa bb"), "matthews")[:3] == (1.0, None, None)


def test_no_rows_have_no_score() -> None:
    assert score_interval([], "macro-f1") == (None, None, None, 0)


def test_groups_of_equal_examples_count_once_each() -> None:
    """Five copies of each example in one group say less than five examples."""
    copies = [row for row in AFTER for _ in range(5)]
    groups = [place for place in range(len(AFTER)) for _ in range(5)]
    apart, together = score_interval(copies, "macro-f1"), score_interval(copies, "macro-f1", groups)
    width = [float(one.high or 0) - float(one.low or 0) for one in (apart, together)]
    assert width[0] < 0.7 * width[1]


def test_many_examples_take_fewer_draws() -> None:
    assert [set_bootstrap._draws(n) for n in (10, 1000, 2000, 100_000)] == [2000, 2000, 1000, 400]


def test_each_label_keeps_its_number_of_examples_in_every_draw() -> None:
    """A prompt that always gives one label has the same balanced accuracy in every draw, so there is no interval."""
    assert score_interval(rows("aa " * 20 + "ba"), "balanced-accuracy")[:3] == (0.5, None, None)


def test_the_smallest_gain_is_larger_than_what_chance_gives_in_5_of_100_cases() -> None:
    """With two answers that differ, either swap gives the same size of gain, so no gain can be shown."""
    few = swap_test(rows("aa aa aa ba ba bb"), rows("aa aa aa bb ba bb"), "macro-f1")
    many = swap_test(BEFORE * 8, AFTER * 8, "macro-f1")
    assert few is not None and few.smallest is None
    assert many is not None and many.p < 0.05 and many.smallest is not None and many.smallest < 0.5
