"""Charts of a comparison: their data, and the pictures that are drawn of them."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest

from promptwire.comparing.charts import chart_data, filled_chart
from promptwire.comparing.table import ComparisonTable, make_table
from promptwire.page.vega import draw_chart
from tests.engine.comparing.cells import curve, world


def table(*, curves: bool = True) -> ComparisonTable:
    made = make_table(world({"ape": 0.5, "opro": 0.9}, tasks=("mood", "sums"), seeds=2))
    known = [
        curve(row, seed, (10 + seed, 0.3), (40, 0.5 + seed / 10), task=task)
        for row in ("ape", "opro")
        for task in ("mood", "sums")
        for seed in (0, 1)
    ]
    return made.model_copy(update={"curves": tuple(known) if curves else ()})


def test_data_of_a_task_are_its_bands_its_ends_and_its_scores() -> None:
    data = chart_data(table(), "mood", "calls")
    assert [(one["row"], one["x"], one["low"], one["high"]) for one in data["band"][:2]] == [
        ("ape", 11, 0.3, 0.3),
        ("ape", 40, 0.5, 0.6),
    ]
    assert [(one["row"], one["seed"], one["x"]) for one in data["ends"]] == [
        ("ape", 0, 40),
        ("ape", 1, 40),
        ("opro", 0, 40),
        ("opro", 1, 40),
    ]
    assert [one["row"] for one in data["means"]] == ["initial prompt", "ape", "opro"]
    assert [(one["row"], one["seed"]) for one in data["seeds"]] == [("ape", 0), ("ape", 1), ("opro", 0), ("opro", 1)]


def test_without_curves_only_the_scores_can_be_drawn() -> None:
    assert filled_chart(table(curves=False), "curves", "calls") is None
    assert filled_chart(table(curves=False), "scores", "calls") is not None


@pytest.mark.skipif(find_spec("vl_convert") is None, reason="the extra `page` is not installed")
@pytest.mark.parametrize("name", ["curves", "scores"])
def test_a_picture_has_a_part_for_each_task_and_names_each_optimizer(name: str) -> None:
    spec = filled_chart(table(), name, "tokens")
    assert spec is not None
    text = draw_chart(spec, "svg").decode()
    assert text.startswith("<svg") and all(f">{word}<" in text for word in ("mood", "sums", "ape", "opro"))
    assert (">Tokens<" in text) == (name == "curves")
    assert draw_chart(spec, "png").startswith(b"\x89PNG")


@pytest.mark.skipif(find_spec("vl_convert") is None, reason="the extra `page` is not installed")
def test_ticks_are_few_and_no_score_above_one_is_named() -> None:
    made = make_table(world({"ape": 0.99}, seeds=2))
    known = tuple(curve("ape", seed, (10, 0.3), (123456, 1.0)) for seed in (0, 1))
    for name in ("scores", "curves"):
        spec = filled_chart(made.model_copy(update={"curves": known}), name, "calls")
        assert spec is not None
        labels = re.findall(r">([\d.,]+)<", draw_chart(spec, "svg").decode())
        numbers = [float(one.replace(",", "")) for one in labels]
        assert max(one for one in numbers if one < 10) == 1.0 and 4 <= len(numbers) <= 24


@pytest.mark.skipif(find_spec("vl_convert") is None, reason="the extra `page` is not installed")
def test_scores_that_are_equal_but_for_rounding_errors_are_one_place_of_the_axis() -> None:
    known = tuple(curve("ape", seed, (10, 4 / 9 + 0.05 + seed * 1e-16), (40, 4 / 9 + 0.05)) for seed in (0, 1, 2))
    ends = tuple(one.model_copy(update={"heldout": 4 / 9 + 0.05 + 2e-16}) for one in known)
    made = make_table(world({"ape": 0.5})).model_copy(update={"curves": ends})
    data = chart_data(made, "mood", "calls")
    assert {one["mean"] for one in data["band"]} == {one["score"] for one in data["ends"]}
    spec = filled_chart(made, "curves", "calls")
    assert spec is not None
    assert all(len(one) <= 7 for one in re.findall(r">([\d.,]+)<", draw_chart(spec, "svg").decode()))
